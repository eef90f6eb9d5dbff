import { useAction } from '../api/use-action.ts'
import { type ContextFileFieldsFragment, ContextFileReportStatusDocument } from '../gql/graphql.ts'
import { Dialog } from '../ui/dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { TextField } from '../ui/field.tsx'
import { useForm } from '../ui/form.ts'
import { atMost } from '../ui/rules.ts'
import { useTell } from '../ui/toasts.tsx'

/** Reports that a file's ingestion failed, and why. */
export function FailDialog({ file, onClose }: { file: ContextFileFieldsFragment; onClose(): void }) {
  const tell = useTell()
  const { run, busy } = useAction(ContextFileReportStatusDocument, ['ContextFile'])
  const form = useForm({ statusReason: '' }, { statusReason: atMost(500) })
  async function save() {
    const { statusReason } = form.values
    const { fault } = await run({ id: file.id, input: { status: 'FAIL', statusReason: statusReason || null } })
    if (fault) return form.refuse(fault)
    tell.done('The file’s status is now “Failed”')
    onClose()
  }
  return (
    <Dialog onClose={onClose} title={`Report a failure of “${file.name}”`}>
      <DialogForm form={form} busy={busy} onSave={save} onCancel={onClose} action="Report">
        <TextField label="Reason" optional rows={3} max={500} {...form.bind('statusReason')} />
      </DialogForm>
    </Dialog>
  )
}
