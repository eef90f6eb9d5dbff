import { useState } from 'react'
import { useQuery } from 'urql'
import { tell } from '../api/use-action.ts'
import { DeliveryDialog } from '../deliveries/delivery-dialog.tsx'
import { DeliveryStatusBadge } from '../deliveries/delivery-status.tsx'
import { useDeliverySignal } from '../deliveries/use-delivery-changes.ts'
import { EventDeliveriesDocument, type EventFieldsFragment } from '../gql/graphql.ts'
import { Json } from '../ui/code.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Facts } from '../ui/facts.tsx'
import { Loading, Notice } from '../ui/notice.tsx'
import { Table } from '../ui/table.tsx'
import { Moment } from '../ui/time.tsx'

/** One event: its JSON, and what became of it at each webhook, live. */
export function EventDialog({ event, onClose }: { event: EventFieldsFragment; onClose(): void }) {
  const [open, setOpen] = useState<string | null>(null)
  const [{ data, error }, again] = useQuery({ query: EventDeliveriesDocument, variables: { id: event.id } })
  useDeliverySignal(null, (changed) => {
    if (changed.some((delivery) => delivery.event.id === event.id)) again({ requestPolicy: 'network-only' })
  })
  const deliveries = data?.event?.deliveries
  return (
    <Dialog place="sheet" onClose={onClose} title={event.name}>
      <Facts
        facts={[
          ['Sequence', `#${event.sequence}`],
          ['Event', <code key="id">{event.id}</code>],
          ['Entity', <code key="entity">{event.entityId}</code>],
          ['Tenant', event.externalTenantId],
          ['Occurred', <Moment key="at" at={event.occurredAt} />],
          ['Changed', event.changed.join(', ')],
        ]}
      />
      <section className="stack tight">
        <h3>Deliveries</h3>
        {error && <Notice tone="bad">{tell(error)}</Notice>}
        {!deliveries && !error && <Loading rows={1} />}
        {data && !data.event && <p className="muted">The event was removed from the log.</p>}
        {deliveries?.length === 0 && <p className="muted">No webhook was active and asked for it.</p>}
        {deliveries && deliveries.length > 0 && (
          <Table
            label="Deliveries of the event"
            rows={deliveries}
            onOpen={({ id }) => setOpen(id)}
            columns={[
              { head: 'Webhook', wide: true, cell: ({ webhook }) => webhook.name || 'Unnamed webhook' },
              { head: 'Status', cell: (delivery) => <DeliveryStatusBadge status={delivery.status} /> },
              { head: 'Attempts', cell: ({ attemptCount }) => attemptCount },
            ]}
          />
        )}
      </section>
      <section className="stack tight">
        <h3>Data</h3>
        <Json label="the event’s data" value={event.data} />
      </section>
      {open && <DeliveryDialog id={open} onClose={() => setOpen(null)} />}
    </Dialog>
  )
}
