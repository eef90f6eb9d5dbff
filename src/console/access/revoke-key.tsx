import { useState } from 'react'
import { useAction } from '../api/use-action.ts'
import { useViewer } from '../api/viewer.tsx'
import { type ApiKeyFieldsFragment, ApiKeyRevokeDocument } from '../gql/graphql.ts'
import { Confirm } from '../ui/dialog.tsx'
import { useTell } from '../ui/toasts.tsx'

export function RevokeKey({ apiKey, onClose }: { apiKey: ApiKeyFieldsFragment; onClose(): void }) {
  const tell = useTell()
  const { currentKey } = useViewer()
  const [error, setError] = useState('')
  const { run, busy } = useAction(ApiKeyRevokeDocument, ['ApiKey'])
  async function revoke() {
    const { fault } = await run({ id: apiKey.id })
    if (fault) return setError(fault.message)
    tell.done('API key revoked')
    onClose()
  }
  const own = apiKey.id === currentKey.id ? ' You are signed in with it, and will be signed out.' : ''
  return (
    <Confirm
      onClose={onClose}
      title={`Revoke “${apiKey.name}”?`}
      text={`Whoever uses the key is refused from then on. This action cannot be undone.${own}`}
      action="Revoke"
      busy={busy}
      error={error}
      onConfirm={revoke}
    />
  )
}
