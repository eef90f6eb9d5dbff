import { useState } from 'react'
import { useAction } from '../api/use-action.ts'
import {
  ContextFileDeleteDocument,
  type ContextFileFieldsFragment,
  ContextFileReportStatusDocument,
  type ContextFileStatus,
} from '../gql/graphql.ts'
import { DeleteDialog } from '../ui/delete-dialog.tsx'
import { Menu, type MenuItem } from '../ui/menu.tsx'
import { useTell } from '../ui/toasts.tsx'
import { FailDialog } from './fail-dialog.tsx'
import { FileEditDialog } from './file-edit-dialog.tsx'
import { statusLabels } from './file-status.tsx'

export function FileMenu({ file }: { file: ContextFileFieldsFragment }) {
  const tell = useTell()
  const [open, setOpen] = useState<'edit' | 'fail' | 'delete' | null>(null)
  const report = useAction(ContextFileReportStatusDocument, ['ContextFile'])
  const remove = useAction(ContextFileDeleteDocument, ['ContextFile', 'Context'])
  const { id, name, status } = file
  const close = () => setOpen(null)

  const become = (next: ContextFileStatus, label: string): MenuItem[] =>
    status === next
      ? []
      : [
          {
            label,
            async onSelect() {
              const { success, fault } = await report.run({ id, input: { status: next } })
              if (fault) tell.failed(fault.message)
              else tell.done(`The file’s status is now “${statusLabels[success.contextFile.status]}”`)
            },
          },
        ]
  return (
    <>
      <Menu
        label={`Actions for ${name}`}
        items={[
          { label: 'Edit', onSelect: () => setOpen('edit') },
          ...become('READY_FOR_PUBLICATION', 'Report ready'),
          ...become('PUBLISHED', 'Publish'),
          { label: 'Report a failure', onSelect: () => setOpen('fail') },
          { label: 'Delete', danger: true, onSelect: () => setOpen('delete') },
        ]}
      />
      {open === 'edit' && <FileEditDialog file={file} onClose={close} />}
      {open === 'fail' && <FailDialog file={file} onClose={close} />}
      {open === 'delete' && (
        <DeleteDialog
          name={name}
          kind="context file"
          busy={remove.busy}
          remove={() => remove.run({ id })}
          onClose={close}
        />
      )}
    </>
  )
}
