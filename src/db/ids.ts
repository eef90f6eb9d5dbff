import { v7 } from 'uuid'

/** What each kind of id begins with. The same everywhere: API, callback body, console and logs. */
const prefixes = {
  App: 'app',
  ApiKey: 'key',
  Webhook: 'wh',
  WebhookSecret: 'whs',
  Agent: 'agt',
  Context: 'ctx',
  ContextFile: 'file',
  Event: 'evt',
  Delivery: 'dlv',
  Replay: 'rpl',
  AuditEntry: 'aud',
} as const

/** A kind of thing that has an id of its own. */
export type Kind = keyof typeof prefixes

/** A new id: the kind's prefix and a UUIDv7 without dashes, so that ids sort by the time they were made. */
export const newId = (kind: Kind): string => `${prefixes[kind]}_${v7().replaceAll('-', '')}`

/** The kind that an id's prefix names; null for anything that is no id of Herald's form. */
export function kindOf(id: string): Kind | null {
  const match = /^([a-z]+)_[0-9a-f]{32}$/.exec(id)
  const entry = match && Object.entries(prefixes).find(([, prefix]) => prefix === match[1])
  return entry ? (entry[0] as Kind) : null
}

/**
 * An event's id: its time and its sequence, so that ids sort as the log does. Those without a sequence sort by time.
 * @param at by the database's clock.
 */
export const newEventId = (at: Date, sequence: number | null): string =>
  `${prefixes.Event}_${v7({ msecs: at.getTime(), seq: sequence ?? undefined }).replaceAll('-', '')}`

/**
 * SQL for a new delivery id, in the form that `newId` makes. In SQL because the database alone knows how many
 * deliveries an event has. It begins with its event's time and sequence, so that deliveries sort as their events.
 */
export const deliveryIdSql = (eventId: string) =>
  `'${prefixes.Delivery}_' || substr(${eventId}, 5, 22) || right(gen_random_uuid()::text, 10)`

/** What ids that were made at this time begin with, behind their prefix. @param ms since the epoch. */
export const timeInId = (ms: number): string => Math.max(0, ms).toString(16).padStart(12, '0')

/** Ids of deliveries made at `at` or later are not less than this; those of earlier ones are. */
export const firstDeliveryId = (at: Date): string => `${prefixes.Delivery}_${timeInId(at.getTime())}`

/** When what has this id was made: of an event and a delivery, the event's commit by the database's clock. */
export const timeOf = (id: string): Date => new Date(Number.parseInt(id.slice(id.indexOf('_') + 1).slice(0, 12), 16))
