import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useQuery } from 'urql'
import { tell } from '../api/use-action.ts'
import { useEventSignal } from '../api/use-event-signal.ts'
import { ScopeNotice, useViewer } from '../api/viewer.tsx'
import { type AgentFieldsFragment, AgentsDocument } from '../gql/graphql.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Empty, Loading, Notice } from '../ui/notice.tsx'
import { Pager, usePages } from '../ui/pager.tsx'
import { Table } from '../ui/table.tsx'
import { Ago } from '../ui/time.tsx'
import { AgentDialog } from './agent-dialog.tsx'
import { AgentMenu } from './agent-menu.tsx'

const PAGE = 50
const LISTS = { additionalTypenames: ['Agent'] }

export function AgentsPage() {
  const { can } = useViewer()
  const [creating, setCreating] = useState(false)
  const pages = usePages('')
  const [{ data, error }, again] = useQuery({
    query: AgentsDocument,
    variables: { first: PAGE, after: pages.after },
    context: LISTS,
  })
  useEventSignal(['AGENT', 'CONTEXT'], () => again({ requestPolicy: 'network-only' }))
  const agents = data?.agents
  return (
    <div className="stack">
      <div className="page-head">
        <h1>Agents</h1>
        {agents && <span className="muted">{agents.totalCount} in all</span>}
        {can('WRITE') && (
          <Button look="primary" icon={<Plus />} onClick={() => setCreating(true)}>
            New Agent
          </Button>
        )}
      </div>
      <ScopeNotice scope="WRITE" what="Making, changing and deleting agents" />
      {error && <Notice tone="bad">{tell(error)}</Notice>}
      {!agents && !error && <Loading />}
      {agents?.nodes.length === 0 && (
        <Empty title="No Agents Yet" text="Make one, and every webhook that asked for agents is told of it." />
      )}
      {agents && agents.nodes.length > 0 && (
        <Table
          label="Agents"
          rows={agents.nodes}
          columns={[
            { head: 'Agent', wide: true, cell: (agent) => <AgentName agent={agent} /> },
            {
              head: 'Live',
              cell: ({ live }) => <Badge tone={live ? 'good' : 'gray'}>{live ? 'Live' : 'Not live'}</Badge>,
            },
            { head: 'Access', cell: ({ access }) => (access === 'OPEN_ACCESS' ? 'Open' : 'Restricted') },
            { head: 'Contexts', cell: ({ contexts }) => contexts.length },
            { head: 'Updated', cell: ({ updatedAt }) => <Ago at={updatedAt} /> },
            { head: 'Actions', cell: (agent) => can('WRITE') && <AgentMenu agent={agent} /> },
          ]}
        />
      )}
      <Pager pages={pages} pageInfo={agents?.pageInfo} />
      {creating && <AgentDialog onClose={() => setCreating(false)} />}
    </div>
  )
}

const AgentName = ({ agent: { agentName, externalTenantId, tags } }: { agent: AgentFieldsFragment }) => (
  <div>
    <strong className="break">{agentName}</strong>
    {(externalTenantId || tags.length > 0) && (
      <div className="muted break">
        {[externalTenantId && `Tenant ${externalTenantId}`, tags.join(', ')].filter(Boolean).join(' · ')}
      </div>
    )}
  </div>
)
