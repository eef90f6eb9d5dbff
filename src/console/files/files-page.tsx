import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useQuery } from 'urql'
import { useSearchParams } from 'wouter'
import { tell } from '../api/use-action.ts'
import { useEventSignal } from '../api/use-event-signal.ts'
import { ScopeNotice, useViewer } from '../api/viewer.tsx'
import { type ContextFileStatus, ContextFilesDocument, ContextsDocument } from '../gql/graphql.ts'
import { Button } from '../ui/button.tsx'
import { Select } from '../ui/field.tsx'
import { Empty, Loading, Notice } from '../ui/notice.tsx'
import { Pager, usePages } from '../ui/pager.tsx'
import { Table } from '../ui/table.tsx'
import { Ago } from '../ui/time.tsx'
import { FileDialog } from './file-dialog.tsx'
import { FileMenu } from './file-menu.tsx'
import { FileStatus, statusLabels } from './file-status.tsx'

const PAGE = 50
const LISTS = { additionalTypenames: ['ContextFile'] }
const statuses = [['', 'All statuses'], ...Object.entries(statusLabels)] as [string, string][]

export function FilesPage() {
  const { can } = useViewer()
  const [creating, setCreating] = useState(false)
  const [params, setParams] = useSearchParams()
  const [contextId, status] = [params.get('context') ?? '', params.get('status') ?? '']
  const pages = usePages(`${contextId} ${status}`)
  const [contexts] = useQuery({ query: ContextsDocument, variables: { first: 100 } })
  const [{ data, error }, again] = useQuery({
    query: ContextFilesDocument,
    variables: {
      first: PAGE,
      after: pages.after,
      contextId: contextId || null,
      status: (status || null) as ContextFileStatus | null,
    },
    context: LISTS,
  })
  useEventSignal(['CONTEXT_FILE', 'CONTEXT'], () => again({ requestPolicy: 'network-only' }))
  const filter = (name: string) => (value: string) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before)
        if (value) after.set(name, value)
        else after.delete(name)
        return after
      },
      { replace: true },
    )

  const files = data?.contextFiles
  const choices = contexts.data?.contexts.nodes ?? []
  return (
    <div className="stack">
      <div className="page-head">
        <h1>Context Files</h1>
        {files && <span className="muted">{files.totalCount} in all</span>}
        {can('WRITE') && (
          <Button
            look="primary"
            icon={<Plus />}
            off={choices.length === 0}
            aria-describedby={choices.length === 0 ? 'no-context' : undefined}
            onClick={() => setCreating(true)}
          >
            New Context File
          </Button>
        )}
      </div>
      {can('WRITE') && contexts.data && choices.length === 0 && (
        <p id="no-context" className="muted">
          A file belongs to a context; make one first.
        </p>
      )}
      <ScopeNotice scope="WRITE" what="Making, changing and deleting context files, and reporting their status," />
      <div className="row wrap">
        <Select
          label="Filter by context"
          value={contextId}
          onChange={filter('context')}
          options={[['', 'All contexts'], ...choices.map(({ id, name }) => [id, name] as const)]}
        />
        <Select label="Filter by status" value={status} onChange={filter('status')} options={statuses} />
      </div>
      {error && <Notice tone="bad">{tell(error)}</Notice>}
      {!files && !error && <Loading />}
      {files?.nodes.length === 0 && <Empty title="No Context Files Here" text="Files are ingested, then published." />}
      {files && files.nodes.length > 0 && (
        <Table
          label="Context files"
          rows={files.nodes}
          columns={[
            {
              head: 'File',
              wide: true,
              cell: ({ name, mimeType, labels }) => (
                <div>
                  <strong className="break">{name}</strong>
                  <div className="muted break">{[mimeType, ...labels].join(' · ')}</div>
                </div>
              ),
            },
            { head: 'Context', wide: true, cell: ({ context }) => context.name },
            { head: 'Status', cell: (file) => <FileStatus file={file} /> },
            { head: 'Updated', cell: ({ updatedAt }) => <Ago at={updatedAt} /> },
            { head: 'Actions', cell: (file) => can('WRITE') && <FileMenu file={file} /> },
          ]}
        />
      )}
      <Pager pages={pages} pageInfo={files?.pageInfo} />
      {creating && <FileDialog contexts={choices} contextId={contextId} onClose={() => setCreating(false)} />}
    </div>
  )
}
