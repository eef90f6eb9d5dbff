import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useQuery } from 'urql'
import { tell } from '../api/use-action.ts'
import { useRefresh } from '../api/use-refresh.ts'
import { ScopeNotice, useViewer } from '../api/viewer.tsx'
import { type ApiKeyFieldsFragment, ApiKeysDocument } from '../gql/graphql.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Loading, Notice } from '../ui/notice.tsx'
import { Table } from '../ui/table.tsx'
import { Ago, Moment } from '../ui/time.tsx'
import { KeyDialog } from './key-dialog.tsx'
import { RevokeKey } from './revoke-key.tsx'

const LISTS = { additionalTypenames: ['ApiKey'] }

export function KeysPage() {
  const { can } = useViewer()
  return (
    <div className="stack">
      {can('ADMIN') ? (
        <Keys />
      ) : (
        <>
          <h1>API Keys</h1>
          <ScopeNotice scope="ADMIN" what="Seeing, making and revoking API keys" />
        </>
      )}
    </div>
  )
}

function Keys() {
  const { currentKey } = useViewer()
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<ApiKeyFieldsFragment | null>(null)
  const [{ data, error }, again] = useQuery({ query: ApiKeysDocument, context: LISTS })
  useRefresh(again)
  return (
    <>
      <div className="page-head">
        <h1>API Keys</h1>
        <Button look="primary" icon={<Plus />} onClick={() => setCreating(true)}>
          New API Key
        </Button>
      </div>
      {error && <Notice tone="bad">{tell(error)}</Notice>}
      {!data && !error && <Loading />}
      {data && (
        <Table
          label="API keys"
          rows={data.apiKeys}
          columns={[
            {
              head: 'Key',
              wide: true,
              cell: ({ id, name }) => (
                <div>
                  <strong className="break">{name}</strong>
                  {id === currentKey.id && <span className="muted"> (this one)</span>}
                  <div className="mono muted break">{id}</div>
                </div>
              ),
            },
            { head: 'Scopes', cell: ({ scopes }) => scopes.join(', ') },
            { head: 'Status', cell: (key) => <KeyStatus apiKey={key} /> },
            { head: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt ? <Ago at={lastUsedAt} /> : 'Never') },
            {
              head: 'Actions',
              cell: (key) =>
                !key.revokedAt && (
                  <Button look="quiet" aria-label={`Revoke ${key.name}`} onClick={() => setRevoking(key)}>
                    Revoke
                  </Button>
                ),
            },
          ]}
        />
      )}
      {creating && <KeyDialog onClose={() => setCreating(false)} />}
      {revoking && <RevokeKey apiKey={revoking} onClose={() => setRevoking(null)} />}
    </>
  )
}

function KeyStatus({ apiKey: { revokedAt, expiresAt } }: { apiKey: ApiKeyFieldsFragment }) {
  if (revokedAt) return <Badge tone="gray">Revoked</Badge>
  if (!expiresAt) return <Badge tone="good">Valid</Badge>
  if (Date.parse(expiresAt) <= Date.now()) return <Badge tone="gray">Expired</Badge>
  return (
    <>
      <Badge tone="good">Valid</Badge>{' '}
      <span className="muted">
        until <Moment at={expiresAt} />
      </span>
    </>
  )
}
