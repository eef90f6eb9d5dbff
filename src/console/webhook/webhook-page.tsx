import { KeyRound, Pencil, RefreshCw, Send } from 'lucide-react'
import { useState } from 'react'
import { useQuery } from 'urql'
import { Link } from 'wouter'
import { tell } from '../api/use-action.ts'
import { useRefresh } from '../api/use-refresh.ts'
import { ScopeNotice, useViewer } from '../api/viewer.tsx'
import { WebhookPageDocument } from '../gql/graphql.ts'
import { paths } from '../shell/paths.ts'
import { Button } from '../ui/button.tsx'
import { Empty, Loading, Notice } from '../ui/notice.tsx'
import { Moment } from '../ui/time.tsx'
import { useCopySecret, useSetActive } from '../webhooks/use-webhook-actions.ts'
import { WebhookBadges } from '../webhooks/webhook-badges.tsx'
import { WebhookDialog } from '../webhooks/webhook-dialog.tsx'
import { DeliveriesSection } from './deliveries-section.tsx'
import { HealthSection } from './health-section.tsx'
import { RotateDialog } from './rotate-dialog.tsx'
import { useSendTest } from './use-send-test.ts'
import { VerifySection } from './verify-section.tsx'
import type { WebhookOnPage } from './webhook-on-page.ts'
import './webhook.css'

const CHANGES = { additionalTypenames: ['Webhook', 'Replay'] }

export function WebhookPage({ id }: { id: string }) {
  const [{ data, error }, again] = useQuery({
    query: WebhookPageDocument,
    variables: { id },
    context: CHANGES,
  })
  useRefresh(again)
  const webhook = data?.webhook
  if (error && !data) return <Notice tone="bad">{tell(error)}</Notice>
  if (!data) return <Loading />
  if (!webhook) {
    return (
      <Empty page title="No Such Webhook" text="It may have been deleted.">
        <Link to={paths.webhooks}>To the webhooks</Link>
      </Empty>
    )
  }
  return (
    <div className="stack webhook-page">
      <Head webhook={webhook} />
      <HealthSection id={id} />
      <DeliveriesSection webhook={webhook} />
      <VerifySection webhook={webhook} />
    </div>
  )
}

function Head({ webhook }: { webhook: WebhookOnPage }) {
  const { can } = useViewer()
  const [open, setOpen] = useState<'edit' | 'rotate' | null>(null)
  const copySecret = useCopySecret()
  const setActive = useSetActive()
  const sendTest = useSendTest()
  const { id, name, url, status, previousSecretValidUntil } = webhook
  const active = status === 'ACTIVE'
  return (
    <header className="stack tight">
      <p>
        <Link to={paths.webhooks}>← Webhooks</Link>
      </p>
      <h1 className="break">{name || <span className="unnamed">Unnamed webhook</span>}</h1>
      <p className="mono muted break">{url}</p>
      <WebhookBadges webhook={webhook} />
      {previousSecretValidUntil && (
        <Notice>
          The secret was rotated: callbacks bear the former secret’s signature too, until{' '}
          <Moment at={previousSecretValidUntil} />.
        </Notice>
      )}
      <ScopeNotice scope="ADMIN" what="Changing the webhook, its secret, and sending tests, retries and replays" />
      {can('ADMIN') && (
        <div className="row wrap">
          <Button
            look="primary"
            icon={<Send />}
            off={!active || sendTest.busy}
            aria-describedby={active ? undefined : 'inactive-reason'}
            onClick={() => sendTest.run(id)}
          >
            Send test event
          </Button>
          <Button icon={<Pencil />} onClick={() => setOpen('edit')}>
            Edit
          </Button>
          <Button onClick={() => setActive(id, !active)}>{active ? 'Deactivate' : 'Activate'}</Button>
          <Button icon={<RefreshCw />} onClick={() => setOpen('rotate')}>
            Rotate secret
          </Button>
          <Button look="pink" icon={<KeyRound />} onClick={() => copySecret(id)}>
            Copy secret
          </Button>
        </div>
      )}
      {can('ADMIN') && !active && (
        <p id="inactive-reason" className="muted">
          The webhook is inactive: nothing is sent to it, tests and replays neither.
        </p>
      )}
      {open === 'edit' && <WebhookDialog webhook={webhook} onClose={() => setOpen(null)} />}
      {open === 'rotate' && <RotateDialog webhook={webhook} onClose={() => setOpen(null)} />}
    </header>
  )
}
