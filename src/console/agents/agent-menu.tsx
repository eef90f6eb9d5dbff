import { useState } from 'react'
import { useAction } from '../api/use-action.ts'
import { AgentDeleteDocument, type AgentFieldsFragment, AgentUpdateDocument } from '../gql/graphql.ts'
import { DeleteDialog } from '../ui/delete-dialog.tsx'
import { Menu } from '../ui/menu.tsx'
import { useTell } from '../ui/toasts.tsx'
import { AgentDialog } from './agent-dialog.tsx'

export function AgentMenu({ agent }: { agent: AgentFieldsFragment }) {
  const tell = useTell()
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null)
  const update = useAction(AgentUpdateDocument, ['Agent'])
  const remove = useAction(AgentDeleteDocument, ['Agent'])
  const { id, agentName, live } = agent
  const close = () => setOpen(null)

  async function setLive(next: boolean) {
    const { fault } = await update.run({ id, input: { live: next } })
    if (fault) tell.failed(fault.message)
    else tell.done(next ? 'Agent is live' : 'Agent is not live any more')
  }
  return (
    <>
      <Menu
        label={`Actions for ${agentName}`}
        items={[
          { label: 'Edit', onSelect: () => setOpen('edit') },
          { label: live ? 'Take off live' : 'Set live', onSelect: () => setLive(!live) },
          { label: 'Delete', danger: true, onSelect: () => setOpen('delete') },
        ]}
      />
      {open === 'edit' && <AgentDialog agent={agent} onClose={close} />}
      {open === 'delete' && (
        <DeleteDialog
          name={agentName}
          kind="agent"
          busy={remove.busy}
          remove={() => remove.run({ id })}
          onClose={close}
        />
      )}
    </>
  )
}
