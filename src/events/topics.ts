import type { Topic } from '../bus/bus.ts'
import { DeliveryStatus, type EventType } from '../db/generated/prisma/enums.ts'
import { catalogue } from './catalogue.ts'

/** An event as it is stored, and as it travels on the bus. */
export interface StoredEvent {
  id: string
  appId: string
  sequence: number
  type: EventType
  entityId: string
  externalTenantId: string | null
  occurredAt: Date
  /** The exact text that is signed and sent. */
  body: string
}

/** What is told after a commit: the newest sequence and, unless they are too big, the events up to it. */
export interface Committed {
  lastSequence: number
  events: StoredEvent[]
}

const types = new Set<string>(catalogue.map(({ type }) => type))

function isEvent(value: unknown, appId: string): value is Omit<StoredEvent, 'occurredAt'> & { occurredAt: string } {
  const e = value as Record<keyof StoredEvent, unknown> | null
  return (
    typeof e === 'object' &&
    e?.appId === appId &&
    typeof e.id === 'string' &&
    Number.isSafeInteger(e.sequence) &&
    types.has(e.type as string) &&
    typeof e.entityId === 'string' &&
    (e.externalTenantId === null || typeof e.externalTenantId === 'string') &&
    !Number.isNaN(Date.parse(String(e.occurredAt))) &&
    typeof e.body === 'string'
  )
}

/** Events of one app were committed. */
export const committedTopic = (appId: string): Topic<Committed> => ({
  channel: `events:${appId}`,
  parse(value) {
    const { lastSequence, events } = (value ?? {}) as Partial<Committed>
    if (!Number.isSafeInteger(lastSequence) || !Array.isArray(events)) return null
    if (!events.every((event) => isEvent(event, appId))) return null
    return {
      lastSequence: lastSequence as number,
      events: events.map((event) => ({ ...event, occurredAt: new Date(event.occurredAt) })),
    }
  },
})

const signal = (channel: string): Topic<true> => ({ channel, parse: (value) => (value === true ? true : null) })

/** Deliveries fell due: dispatchers may look. */
export const dueTopic = signal('due')

/** A replay was asked for: dispatchers may look. */
export const replayTopic = signal('replay')

/** A webhook was changed, deactivated or deleted: what dispatchers hold for it may no longer be right. Its id. */
export const webhookTopic: Topic<string> = {
  channel: 'webhooks',
  parse: (value) => (typeof value === 'string' ? value : null),
}

/** A delivery and how far it has come. */
export interface DeliveryChange {
  id: string
  webhookId: string
  status: DeliveryStatus
  attemptCount: number
}

/** Deliveries were attempted, ended, scheduled anew: these and, with `more`, others that one must look for. */
export interface DeliveriesChanged {
  changes: DeliveryChange[]
  more: boolean
}

/** One message names at most so many deliveries. */
const MAX_CHANGES = 500

function isChange(value: unknown): value is DeliveryChange {
  const c = value as Record<keyof DeliveryChange, unknown> | null
  return (
    typeof c === 'object' &&
    typeof c?.id === 'string' &&
    typeof c.webhookId === 'string' &&
    Object.hasOwn(DeliveryStatus, String(c.status)) &&
    Number.isSafeInteger(c.attemptCount)
  )
}

/** Deliveries of one app changed. That they were made is not told here: they are made with their events. */
export const deliveriesTopic = (appId: string): Topic<DeliveriesChanged> => ({
  channel: `deliveries:${appId}`,
  parse(value) {
    const { changes, more } = (value ?? {}) as Partial<DeliveriesChanged>
    if (!Array.isArray(changes) || !changes.every(isChange) || typeof more !== 'boolean') return null
    return { changes, more }
  },
})

/** The message that tells of `changes`, or of 'many' where they are not at hand: the watchers then look for them. */
export function deliveriesChanged(changes: readonly DeliveryChange[] | 'many'): DeliveriesChanged {
  const more = changes === 'many' || changes.length > MAX_CHANGES
  const few = more ? [] : changes
  return {
    changes: few.map(({ id, webhookId, status, attemptCount }) => ({ id, webhookId, status, attemptCount })),
    more,
  }
}
