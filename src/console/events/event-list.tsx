import { memo, useRef } from 'react'
import type { EventFieldsFragment } from '../gql/graphql.ts'
import { isGap, type LogRow } from './event-log.ts'
import { useWindow } from './use-window.ts'

interface EventListProps {
  rows: readonly LogRow[]
  onOpen(event: EventFieldsFragment): void
}

const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
} as Intl.DateTimeFormatOptions)

/** Draws what is in sight: 500 rows that move ten times a second are too much for a browser. */
export function EventList({ rows, onOpen }: EventListProps) {
  const list = useRef<HTMLUListElement>(null)
  const { first, end, above, below } = useWindow(list, rows.length)
  return (
    <ul
      ref={list}
      className="events"
      aria-label="Events, newest first"
      style={{ paddingTop: above, paddingBottom: below }}
    >
      {rows.slice(first, end).map((row) =>
        isGap(row) ? (
          <li key={row.id} className="event event-gap">
            {row.gap}
          </li>
        ) : (
          <EventRow key={row.id} event={row} onOpen={onOpen} />
        ),
      )}
    </ul>
  )
}

// Drawn once: an event never changes.
const EventRow = memo(({ event, onOpen }: { event: EventFieldsFragment; onOpen(event: EventFieldsFragment): void }) => (
  <li className="event">
    <button type="button" onClick={() => onOpen(event)}>
      <span className="muted event-sequence">#{event.sequence}</span>
      <span className={`event-name ${event.name.split('.')[1]}`}>{event.name}</span>
      <span className="mono muted ellipsis event-entity">{titleOf(event)}</span>
      <span className="muted ellipsis event-tenant">{event.externalTenantId}</span>
      <time className="muted" dateTime={event.occurredAt}>
        {clock.format(Date.parse(event.occurredAt))}
      </time>
    </button>
  </li>
))

/** What the entity is called, and its id. */
function titleOf({ data, entityId }: EventFieldsFragment): string {
  const { agentName, name } = (data ?? {}) as { agentName?: string; name?: string }
  const called = agentName ?? name
  return called ? `${called} · ${entityId}` : entityId
}
