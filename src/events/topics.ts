import type { Topic } from '../bus/bus.ts'
import type { EventType } from '../db/generated/prisma/enums.ts'
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
