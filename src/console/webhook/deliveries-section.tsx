import { useState } from 'react'
import { tell } from '../api/use-action.ts'
import { useViewer } from '../api/viewer.tsx'
import { DeliveryDialog } from '../deliveries/delivery-dialog.tsx'
import { DeliveryStatusBadge, deliveryLabels } from '../deliveries/delivery-status.tsx'
import { eventNames } from '../events/event-names.ts'
import type { DeliveryFieldsFragment, DeliveryStatus, EventType } from '../gql/graphql.ts'
import { Button } from '../ui/button.tsx'
import { Select } from '../ui/field.tsx'
import { LiveBadge } from '../ui/live-badge.tsx'
import { Empty, Loading, Notice } from '../ui/notice.tsx'
import { Pager } from '../ui/pager.tsx'
import { Table } from '../ui/table.tsx'
import { Ago } from '../ui/time.tsx'
import { ReplayDialog } from './replay-dialog.tsx'
import { ReplayProgress } from './replay-progress.tsx'
import { useDeliveries } from './use-deliveries.ts'
import type { WebhookOnPage } from './webhook-on-page.ts'

const HOUR_MS = 3_600_000
const statuses = [['', 'All statuses'], ...Object.entries(deliveryLabels)] as [string, string][]
const types = [...eventNames, ['WEBHOOK_TEST', 'webhook.test']] as const
const nameOf = (type: EventType) => types.find(([other]) => other === type)?.[1] ?? ''
const spans = [
  ['', 'Any time'],
  ['1', 'Last hour'],
  ['24', 'Last 24 hours'],
  ['168', 'Last 7 days'],
] as const

/** What the webhook was and is owed, live. */
export function DeliveriesSection({ webhook }: { webhook: WebhookOnPage }) {
  const { can } = useViewer()
  const [status, setStatus] = useState('')
  const [type, setType] = useState('')
  const [span, setSpan] = useState({ hours: '', since: null as string | null })
  const [open, setOpen] = useState<string | null>(null)
  const [replaying, setReplaying] = useState(false)
  const { rows, pageInfo, pages, error, state } = useDeliveries(
    webhook.id,
    { status: (status || null) as DeliveryStatus | null, type: (type || null) as EventType | null, since: span.since },
    nameOf,
  )
  const active = webhook.status === 'ACTIVE'
  const filtered = status || type || span.hours
  return (
    <section className="stack" aria-labelledby="deliveries">
      <div className="page-head">
        <h2 id="deliveries">Deliveries</h2>
        <LiveBadge state={state} />
        <span className="grow" />
        {can('ADMIN') && (
          <Button
            off={!active}
            aria-describedby={active ? undefined : 'inactive-reason'}
            onClick={() => setReplaying(true)}
          >
            Replay range
          </Button>
        )}
      </div>
      {webhook.replay && <ReplayProgress webhookId={webhook.id} replay={webhook.replay} />}
      <div className="row wrap">
        <Select label="Filter by status" value={status} onChange={setStatus} options={statuses} />
        <Select label="Filter by event" value={type} onChange={setType} options={[['', 'All events'], ...types]} />
        <Select
          label="Filter by time"
          value={span.hours}
          onChange={(hours) =>
            setSpan({ hours, since: hours ? new Date(Date.now() - Number(hours) * HOUR_MS).toISOString() : null })
          }
          options={spans}
        />
      </div>
      {error && <Notice tone="bad">{tell(error)}</Notice>}
      {!rows && !error && <Loading rows={2} />}
      {rows?.length === 0 && (
        <Empty
          title={filtered ? 'No Deliveries Match' : 'No Deliveries Yet'}
          text={filtered ? 'Try again with other filters' : 'Send a test event, or change an agent.'}
        />
      )}
      {rows && rows.length > 0 && <DeliveryTable rows={rows} onOpen={({ id }) => setOpen(id)} />}
      <Pager pages={pages} pageInfo={pageInfo} />
      {open && <DeliveryDialog id={open} onClose={() => setOpen(null)} />}
      {replaying && <ReplayDialog webhook={webhook} onClose={() => setReplaying(false)} />}
    </section>
  )
}

interface DeliveryTableProps {
  rows: readonly DeliveryFieldsFragment[]
  onOpen(delivery: DeliveryFieldsFragment): void
}

const DeliveryTable = ({ rows, onOpen }: DeliveryTableProps) => (
  <Table
    label="Deliveries"
    rows={rows}
    onOpen={onOpen}
    columns={[
      { head: 'Event', wide: true, cell: ({ event }) => event.name },
      { head: 'Sequence', cell: ({ event }) => (event.sequence ? `#${event.sequence}` : '–') },
      { head: 'Status', cell: ({ status }) => <DeliveryStatusBadge status={status} /> },
      { head: 'Attempts', cell: ({ attemptCount }) => attemptCount },
      { head: 'Made', cell: ({ createdAt }) => <Ago at={createdAt} /> },
      {
        head: 'Next or end',
        cell: ({ nextAttemptAt, completedAt }) =>
          nextAttemptAt ? (
            <>
              next <Ago at={nextAttemptAt} />
            </>
          ) : (
            completedAt && <Ago at={completedAt} />
          ),
      },
    ]}
  />
)
