import { RotateCcw } from 'lucide-react'
import { useQuery } from 'urql'
import { tell, useAction } from '../api/use-action.ts'
import { ScopeNotice, useViewer } from '../api/viewer.tsx'
import { DeliveryPageDocument, DeliveryRetryDocument } from '../gql/graphql.ts'
import { Button } from '../ui/button.tsx'
import { Json } from '../ui/code.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Facts } from '../ui/facts.tsx'
import { Empty, Loading, Notice } from '../ui/notice.tsx'
import { Ago, Moment } from '../ui/time.tsx'
import { useTell } from '../ui/toasts.tsx'
import { Attempt } from './attempt.tsx'
import { DeliveryStatusBadge } from './delivery-status.tsx'
import { useDeliverySignal } from './use-delivery-changes.ts'
import './deliveries.css'

/** One delivery: what was sent, each attempt with its request and response, and Retry. Live. */
export function DeliveryDialog({ id, onClose }: { id: string; onClose(): void }) {
  const toast = useTell()
  const { can } = useViewer()
  const [{ data, error, fetching }, again] = useQuery({ query: DeliveryPageDocument, variables: { id } })
  const retry = useAction(DeliveryRetryDocument, ['Delivery'])
  const read = () => again({ requestPolicy: 'network-only' })
  useDeliverySignal(
    data?.delivery?.webhook.id ?? null,
    (changed) => changed.some((delivery) => delivery.id === id) && read(),
    read,
  )
  const delivery = data?.delivery

  async function sendAgain() {
    const { fault } = await retry.run({ id })
    if (fault) toast.failed(fault.message)
    else toast.done('The delivery is sent again')
  }

  return (
    <Dialog place="sheet" onClose={onClose} title={delivery ? `Delivery of ${delivery.event.name}` : 'Delivery'}>
      {error && <Notice tone="bad">{tell(error)}</Notice>}
      {!data && fetching && <Loading />}
      {data && !delivery && <Empty title="The Delivery Is Gone" text="It was removed, or its webhook deleted." />}
      {delivery && (
        <>
          <div className="row wrap">
            <DeliveryStatusBadge status={delivery.status} />
            {delivery.nextAttemptAt && (
              <span className="muted">
                next attempt <Ago at={delivery.nextAttemptAt} />
              </span>
            )}
            <span className="grow" />
            {can('ADMIN') && (
              <Button icon={<RotateCcw />} off={retry.busy} onClick={sendAgain}>
                Retry
              </Button>
            )}
          </div>
          <ScopeNotice scope="ADMIN" what="Retrying a delivery" />
          <Facts
            facts={[
              ['Webhook', delivery.webhook.name || 'Unnamed webhook'],
              ['Delivery', <code key="id">{delivery.id}</code>],
              ['Event', <code key="event">{delivery.event.id}</code>],
              ['Sequence', delivery.event.sequence ? `#${delivery.event.sequence}` : null],
              ['Made', <Moment key="made" at={delivery.createdAt} />],
              ['Ended', delivery.completedAt && <Moment key="ended" at={delivery.completedAt} />],
            ]}
          />
          <section className="stack tight">
            <h3>Attempts</h3>
            {delivery.attempts.length === 0 && <p className="muted">None has ended yet.</p>}
            {delivery.attempts.toReversed().map((attempt, index) => (
              <Attempt key={attempt.number} attempt={attempt} open={index === 0} />
            ))}
          </section>
          <section className="stack tight">
            <h3>Event data</h3>
            <Json label="the event’s data" value={delivery.event.data} />
          </section>
        </>
      )}
    </Dialog>
  )
}
