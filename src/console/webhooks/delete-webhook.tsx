import { useAction } from '../api/use-action.ts'
import { WebhookDeleteDocument, type WebhookFieldsFragment } from '../gql/graphql.ts'
import { DeleteDialog } from '../ui/delete-dialog.tsx'

interface DeleteWebhookProps {
  webhook: WebhookFieldsFragment
  onClose(): void
}

export function DeleteWebhook({ webhook, onClose }: DeleteWebhookProps) {
  const { run, busy } = useAction(WebhookDeleteDocument, ['Webhook', 'Delivery'])
  return (
    <DeleteDialog
      name={webhook.name || webhook.url}
      kind="Webhook"
      busy={busy}
      remove={() => run({ id: webhook.id })}
      onClose={onClose}
    />
  )
}
