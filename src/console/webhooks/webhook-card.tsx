import { Blocks, KeyRound } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { useViewer } from '../api/viewer.tsx'
import type { WebhookFieldsFragment } from '../gql/graphql.ts'
import { paths } from '../shell/paths.ts'
import { Button } from '../ui/button.tsx'
import { Menu } from '../ui/menu.tsx'
import { DeleteWebhook } from './delete-webhook.tsx'
import { useCopySecret, useSetActive } from './use-webhook-actions.ts'
import { WebhookBadges } from './webhook-badges.tsx'
import { WebhookDialog } from './webhook-dialog.tsx'

export function WebhookCard({ webhook }: { webhook: WebhookFieldsFragment }) {
  const { can } = useViewer()
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null)
  const copySecret = useCopySecret()
  const setActive = useSetActive()
  const { id, name, url, status } = webhook
  const called = name || url
  const active = status === 'ACTIVE'

  return (
    <li className="card webhook-card" aria-label={called}>
      <Blocks className="webhook-icon" aria-label="Building blocks" role="img" />
      <div className="webhook-text">
        <h2 className="break">
          <Link to={`${paths.webhooks}/${id}`}>{name || <span className="unnamed">Unnamed webhook</span>}</Link>
        </h2>
        <p className="mono muted webhook-url" title={url}>
          {url}
        </p>
        <WebhookBadges webhook={webhook} />
      </div>
      {can('ADMIN') && (
        <div className="row webhook-actions">
          <Button look="pink" icon={<KeyRound />} onClick={() => copySecret(id)} title={`Copy the secret of ${called}`}>
            Copy secret
          </Button>
          <Menu
            label={`Actions for ${called}`}
            items={[
              { label: 'Edit', onSelect: () => setOpen('edit') },
              { label: active ? 'Deactivate' : 'Activate', onSelect: () => setActive(id, !active) },
              { label: 'Delete', danger: true, onSelect: () => setOpen('delete') },
            ]}
          />
        </div>
      )}
      {open === 'edit' && <WebhookDialog webhook={webhook} onClose={() => setOpen(null)} />}
      {open === 'delete' && <DeleteWebhook webhook={webhook} onClose={() => setOpen(null)} />}
    </li>
  )
}
