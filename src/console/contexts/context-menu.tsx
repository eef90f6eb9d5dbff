import { useState } from 'react'
import { useAction } from '../api/use-action.ts'
import { ContextDeleteDocument, type ContextFieldsFragment } from '../gql/graphql.ts'
import { DeleteDialog } from '../ui/delete-dialog.tsx'
import { Menu } from '../ui/menu.tsx'
import { ContextDialog } from './context-dialog.tsx'

export function ContextMenu({ context }: { context: ContextFieldsFragment }) {
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null)
  const remove = useAction(ContextDeleteDocument, ['Context', 'Agent'])
  const { id, name } = context
  const close = () => setOpen(null)
  return (
    <>
      <Menu
        label={`Actions for ${name}`}
        items={[
          { label: 'Edit', onSelect: () => setOpen('edit') },
          { label: 'Delete', danger: true, onSelect: () => setOpen('delete') },
        ]}
      />
      {open === 'edit' && <ContextDialog context={context} onClose={close} />}
      {open === 'delete' && (
        <DeleteDialog name={name} kind="context" busy={remove.busy} remove={() => remove.run({ id })} onClose={close} />
      )}
    </>
  )
}
