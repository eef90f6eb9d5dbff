import { useAction } from '../api/use-action.ts'
import { type ContextFileFieldsFragment, ContextFileUpdateDocument } from '../gql/graphql.ts'
import { Dialog } from '../ui/dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { Switch, TextField } from '../ui/field.tsx'
import { useForm } from '../ui/form.ts'
import { entriesOf, textsOf } from '../ui/list-text.ts'
import { all, atMost, required } from '../ui/rules.ts'
import { useTell } from '../ui/toasts.tsx'

const rules = { name: all(required, atMost(100)), labels: textsOf(10) }

/** Changes what of a file may change; its content never does. */
export function FileEditDialog({ file, onClose }: { file: ContextFileFieldsFragment; onClose(): void }) {
  const tell = useTell()
  const { run, busy } = useAction(ContextFileUpdateDocument, ['ContextFile'])
  const form = useForm({ name: file.name, labels: file.labels.join(', '), autoPublish: file.autoPublish }, rules)
  const { values, set } = form
  async function save() {
    const { fault } = await run({ id: file.id, input: { ...values, labels: entriesOf(values.labels) } })
    if (fault) return form.refuse(fault)
    tell.done('Context file updated successfully')
    onClose()
  }
  return (
    <Dialog
      onClose={onClose}
      title="Edit Context File"
      description="A file’s content never changes: delete it and make it anew."
    >
      <DialogForm form={form} busy={busy} onSave={save} onCancel={onClose}>
        <TextField label="Name" max={100} {...form.bind('name')} />
        <TextField label="Labels" optional hint="Separated by commas; at most 10." {...form.bind('labels')} />
        <Switch
          label="Publish as soon as it is ready"
          checked={values.autoPublish}
          onChange={(on) => set('autoPublish', on)}
        />
      </DialogForm>
    </Dialog>
  )
}
