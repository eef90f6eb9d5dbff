import { useState } from 'react'
import { useAction } from '../api/use-action.ts'
import { WebhookDeleteDocument, type WebhookFieldsFragment } from '../gql/graphql.ts'
import { Confirm } from '../ui/dialog.tsx'
import { useTell } from '../ui/toasts.tsx'

interface DeleteWebhookProps {
  webhook: WebhookFieldsFragment
  onClose(): void
  onDeleted?(): void
}

export function DeleteWebhook({ webhook, onClose, onDeleted }: DeleteWebhookProps) {
  const tell = useTell()
  const [error, setError] = useState('')
  const { run, busy } = useAction(WebhookDeleteDocument, ['Webhook', 'Delivery'])
  async function remove() {
    const { fault } = await run({ id: webhook.id })
    // Someone else was quicker: it is gone, as was asked.
    if (fault && fault.__typename !== 'NotFoundError') return setError(fault.message)
    tell.done('Webhook deleted successfully')
    onClose()
    onDeleted?.()
  }
  return (
    <Confirm
      onClose={onClose}
      title={`Delete “${webhook.name || webhook.url}”?`}
      text="The Webhook will be permanently deleted. This action cannot be undone."
      action="Delete"
      busy={busy}
      error={error}
      onConfirm={remove}
    />
  )
}
