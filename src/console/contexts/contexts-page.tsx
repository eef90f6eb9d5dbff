import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useQuery } from 'urql'
import { Link } from 'wouter'
import { tell } from '../api/use-action.ts'
import { useEventSignal } from '../api/use-event-signal.ts'
import { ScopeNotice, useViewer } from '../api/viewer.tsx'
import { ContextsDocument } from '../gql/graphql.ts'
import { paths } from '../shell/paths.ts'
import { Button } from '../ui/button.tsx'
import { Empty, Loading, Notice } from '../ui/notice.tsx'
import { Pager, usePages } from '../ui/pager.tsx'
import { Table } from '../ui/table.tsx'
import { Ago } from '../ui/time.tsx'
import { ContextDialog } from './context-dialog.tsx'
import { ContextMenu } from './context-menu.tsx'

const PAGE = 50
const LISTS = { additionalTypenames: ['Context'] }

export function ContextsPage() {
  const { can } = useViewer()
  const [creating, setCreating] = useState(false)
  const pages = usePages('')
  const [{ data, error }, again] = useQuery({
    query: ContextsDocument,
    variables: { first: PAGE, after: pages.after },
    context: LISTS,
  })
  useEventSignal(['CONTEXT', 'CONTEXT_FILE'], () => again({ requestPolicy: 'network-only' }))
  const contexts = data?.contexts
  return (
    <div className="stack">
      <div className="page-head">
        <h1>Contexts</h1>
        {contexts && <span className="muted">{contexts.totalCount} in all</span>}
        {can('WRITE') && (
          <Button look="primary" icon={<Plus />} onClick={() => setCreating(true)}>
            New Context
          </Button>
        )}
      </div>
      <ScopeNotice scope="WRITE" what="Making, changing and deleting contexts" />
      {error && <Notice tone="bad">{tell(error)}</Notice>}
      {!contexts && !error && <Loading />}
      {contexts?.nodes.length === 0 && (
        <Empty title="No Contexts Yet" text="A context holds the files that agents use." />
      )}
      {contexts && contexts.nodes.length > 0 && (
        <Table
          label="Contexts"
          rows={contexts.nodes}
          columns={[
            {
              head: 'Context',
              wide: true,
              cell: ({ name, description, externalTenantId }) => (
                <div>
                  <strong className="break">{name}</strong>
                  {(description || externalTenantId) && (
                    <div className="muted break">
                      {[externalTenantId && `Tenant ${externalTenantId}`, description].filter(Boolean).join(' · ')}
                    </div>
                  )}
                </div>
              ),
            },
            {
              head: 'Files',
              cell: ({ id, name, files }) => (
                <Link to={`${paths.files}?context=${id}`}>
                  {files.totalCount}
                  <span className="visually-hidden"> files of {name}</span>
                </Link>
              ),
            },
            { head: 'Synced', cell: ({ isSynced }) => (isSynced ? 'Yes' : 'No') },
            { head: 'Updated', cell: ({ updatedAt }) => <Ago at={updatedAt} /> },
            { head: 'Actions', cell: (context) => can('WRITE') && <ContextMenu context={context} /> },
          ]}
        />
      )}
      <Pager pages={pages} pageInfo={contexts?.pageInfo} />
      {creating && <ContextDialog onClose={() => setCreating(false)} />}
    </div>
  )
}
