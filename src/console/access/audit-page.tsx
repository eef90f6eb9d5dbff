import { useState } from 'react'
import { useQuery } from 'urql'
import { useSettled } from '../api/api.tsx'
import { tell } from '../api/use-action.ts'
import { useRefresh } from '../api/use-refresh.ts'
import { ScopeNotice, useViewer } from '../api/viewer.tsx'
import { ApiKeysDocument, AuditLogDocument } from '../gql/graphql.ts'
import { Select } from '../ui/field.tsx'
import { Empty, Loading, Notice } from '../ui/notice.tsx'
import { Pager, usePages } from '../ui/pager.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { Table } from '../ui/table.tsx'
import { Moment } from '../ui/time.tsx'

const PAGE = 50
const TYPING_MS = 300

export function AuditPage() {
  const { can } = useViewer()
  return (
    <div className="stack">
      {can('ADMIN') ? (
        <AuditLog />
      ) : (
        <>
          <h1>Audit Log</h1>
          <ScopeNotice scope="ADMIN" what="Seeing the audit log" />
        </>
      )}
    </div>
  )
}

function AuditLog() {
  const [keyId, setKeyId] = useState('')
  const [target, setTarget] = useState('')
  const targetId = useSettled(target.trim(), TYPING_MS)
  const pages = usePages(`${keyId} ${targetId}`)
  const [keys] = useQuery({ query: ApiKeysDocument })
  const [{ data, error }, again] = useQuery({
    query: AuditLogDocument,
    variables: { first: PAGE, after: pages.after, keyId: keyId || null, targetId: targetId || null },
  })
  useRefresh(again)
  const names = new Map(keys.data?.apiKeys.map(({ id, name }) => [id, name]))
  const log = data?.auditLog
  return (
    <>
      <div className="page-head">
        <h1>Audit Log</h1>
      </div>
      <div className="row wrap">
        <SearchField label="Only about this id" value={target} onChange={setTarget} />
        <Select
          label="Filter by key"
          value={keyId}
          onChange={setKeyId}
          options={[['', 'All keys'], ...[...names].map(([id, name]) => [id, name] as const)]}
        />
      </div>
      {error && <Notice tone="bad">{tell(error)}</Notice>}
      {!log && !error && <Loading />}
      {log?.nodes.length === 0 && (
        <Empty title="Nothing Was Changed" text="Every change, and by whom, is written here." />
      )}
      {log && log.nodes.length > 0 && (
        <Table
          label="Audit log"
          rows={log.nodes}
          columns={[
            { head: 'When', cell: ({ at }) => <Moment at={at} /> },
            { head: 'What', cell: ({ action }) => <strong>{action}</strong> },
            {
              head: 'On',
              wide: true,
              cell: ({ targetId, changed }) => (
                <div>
                  <span className="mono break">{targetId}</span>
                  {changed.length > 0 && <div className="muted break">{changed.join(', ')}</div>}
                </div>
              ),
            },
            { head: 'By', cell: ({ keyId }) => (keyId ? (names.get(keyId) ?? keyId) : 'Operator') },
            { head: 'From', cell: ({ ip }) => ip ?? '–' },
          ]}
        />
      )}
      <Pager pages={pages} pageInfo={log?.pageInfo} />
    </>
  )
}
