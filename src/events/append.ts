import type { Tx } from '../db/database.ts'
import type { EntityType, EventType } from '../db/generated/prisma/enums.ts'
import { deliveryIdSql, newEventId } from '../db/ids.ts'
import { entityOf, eventName } from './catalogue.ts'
import type { StoredEvent } from './topics.ts'

/** What a use case says that it changed. */
export interface NewEvent {
  type: EventType
  entityId: string
  externalTenantId: string | null
  /** The entity after the change (on deleted: as it last was), as receivers are to see it. */
  data: Record<string, unknown>
  /** The fields that an update changed; only on updated. */
  changed?: string[]
}

/** The state of an app under whose lock events are appended. */
export interface AppendPoint {
  appId: string
  /** Sequence of the app's newest event. */
  lastSequence: number
  /** The database's time, under the lock: later in a later event. */
  at: Date
}

/**
 * Locks the app's row until the transaction ends, so that sequences are handed out in commit order.
 * @throws when there is no such app.
 */
export async function lockApp(tx: Tx, appId: string): Promise<AppendPoint> {
  const [row] = await tx.$queryRawUnsafe<{ lastSequence: number; at: Date }[]>(
    `SELECT "lastSequence", clock_timestamp() AS at FROM "App" WHERE id = $1 FOR UPDATE`,
    appId,
  )
  if (!row) throw new Error(`there is no app ${appId}`)
  return { appId, ...row }
}

const appendSql = `
  WITH new AS (
    SELECT * FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
      AS t(id, sequence, type, entity, "entityId", "externalTenantId", body)
  ), event AS (
    INSERT INTO "Event" (id, "appId", sequence, type, "entityId", "externalTenantId", "occurredAt", body)
    SELECT id, $1, sequence, type::"EventType", "entityId", "externalTenantId", $9::timestamptz, body FROM new
  ), app AS (
    UPDATE "App" SET "lastSequence" = (SELECT max(sequence) FROM new) WHERE id = $1
  ), delivery AS (
    INSERT INTO "Delivery" (id, "appId", "webhookId", "eventId", "dueAt", "createdAt")
    SELECT ${deliveryIdSql('new.id')}, $1, webhook.id, new.id,
      $9::timestamptz + make_interval(secs => $10::float8), $9::timestamptz
    FROM new
    JOIN "Webhook" webhook ON webhook."appId" = $1 AND webhook.status = 'ACTIVE'
      AND (cardinality(webhook.entities) = 0 OR new.entity::"EntityType" = ANY(webhook.entities))
    RETURNING 1
  )
  SELECT count(*)::int AS deliveries FROM delivery`

/**
 * The outbox: writes the events and, for each active webhook that asked for it, a due delivery, in the transaction of
 * the change itself and in one statement. What is committed is delivered; what is not never was.
 * @param firstDelayS seconds before the first attempt.
 */
export async function appendEvents(
  tx: Tx,
  point: AppendPoint,
  news: readonly NewEvent[],
  firstDelayS: number,
): Promise<{ events: StoredEvent[]; deliveries: number }> {
  const events = news.map((event, index) => toStored(event, point, point.lastSequence + 1 + index))
  const column = <K extends keyof StoredEvent>(key: K) => events.map((event) => event[key])
  const [row] = await tx.$queryRawUnsafe<{ deliveries: number }[]>(
    appendSql,
    point.appId,
    column('id'),
    column('sequence'),
    column('type'),
    events.map((event): EntityType | null => entityOf(event.type)),
    column('entityId'),
    column('externalTenantId'),
    column('body'),
    point.at.toISOString(),
    firstDelayS,
  )
  return { events, deliveries: row?.deliveries ?? 0 }
}

function toStored(event: NewEvent, point: AppendPoint, sequence: number): StoredEvent {
  const id = newEventId(point.at, sequence)
  const { type, entityId, externalTenantId } = event
  const body = bodyOf(id, event, point, sequence)
  return { id, appId: point.appId, sequence, type, entityId, externalTenantId, occurredAt: point.at, body }
}

/** The text that receivers are sent. Its bytes are fixed here once: every attempt signs and sends the same. */
export function bodyOf(
  id: string,
  event: NewEvent,
  { appId, at }: Pick<AppendPoint, 'appId' | 'at'>,
  sequence: number,
): string {
  const { type, externalTenantId, changed, data } = event
  const head = { id, type: eventName(type), timestamp: at.toISOString(), appId, externalTenantId, sequence }
  return JSON.stringify({ ...head, ...(changed && { changed }), data })
}
