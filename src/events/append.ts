import type { Sql } from '../db/database.ts'
import type { EntityType, EventType } from '../db/generated/prisma/enums.ts'
import { deliveryIdSql, newEventId, newId } from '../db/ids.ts'
import { entityOf, eventName } from './catalogue.ts'
import { type Added, insertSql, rowNames } from './rows.ts'
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

/** What the audit log keeps of a change: by whom, what and on what. Names of fields, never their values. */
export interface NewAudit {
  /** The event's wire name, e.g. agent.created; of what has no event, named alike: webhook.deleted. */
  action: string
  targetId: string
  /** The fields that an update changed. */
  changed?: readonly string[]
  /** The key that did it. Null: Herald itself, or an operator on the database. */
  keyId: string | null
  /** Where the request came from, if it came over the network. */
  ip: string | null
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
export async function lockApp(sql: Sql, appId: string): Promise<AppendPoint> {
  const [row] = await sql.query<{ lastSequence: number; at: Date }>(
    `SELECT "lastSequence", clock_timestamp() AS at FROM "App" WHERE id = $1 FOR UPDATE`,
    [appId],
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
    UPDATE "App" SET "lastSequence" = $11::int WHERE id = $1 AND "lastSequence" < $11::int
  ), audit AS (
    INSERT INTO "AuditEntry" (id, "appId", at, "keyId", action, "targetId", changed, ip)
    SELECT id, $1, $9::timestamptz, "keyId", action, "targetId", string_to_array(changed, ','), ip
    FROM unnest($12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[])
      AS t(id, "keyId", action, "targetId", changed, ip)
  ), delivery AS (
    INSERT INTO "Delivery" (id, "appId", "webhookId", "eventId", "createdAt")
    SELECT ${deliveryIdSql('new.id')}, $1, webhook.id, new.id, $9::timestamptz
    FROM new
    JOIN "Webhook" webhook ON webhook."appId" = $1 AND webhook.status = 'ACTIVE'
      AND (cardinality(webhook.entities) = 0 OR new.entity::"EntityType" = ANY(webhook.entities))
    RETURNING id, "webhookId"
  ), owed AS (
    INSERT INTO "OutboxEntry" ("deliveryId", "webhookId", "dueAt")
    SELECT id, "webhookId", $9::timestamptz + make_interval(secs => $10::float8) FROM delivery
  ), ${rowNames.map((name) => `"${name}" AS (${insertSql(name, `$18::jsonb -> '${name}'`)})`).join(', ')}
  SELECT count(*)::int AS deliveries FROM delivery`

/**
 * The outbox: writes the events and, for each active webhook that asked for it, a due delivery, in the transaction of
 * the change itself and in one statement; the audit log with them, and what the change added. What is committed is
 * delivered; what is not never was.
 * @param added rows that are not written yet. @param firstDelayS seconds before the first attempt.
 */
export async function appendEvents(
  sql: Sql,
  point: AppendPoint,
  news: readonly NewEvent[],
  audits: readonly NewAudit[],
  added: Added,
  firstDelayS: number,
): Promise<{ events: StoredEvent[]; deliveries: number }> {
  const events = news.map((event, index) => toStored(event, point, point.lastSequence + 1 + index))
  const column = <K extends keyof StoredEvent>(key: K) => events.map((event) => event[key])
  const [row] = await sql.query<{ deliveries: number }>(appendSql, [
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
    point.lastSequence + events.length,
    audits.map(() => newId('AuditEntry')),
    audits.map(({ keyId }) => keyId),
    audits.map(({ action }) => action),
    audits.map(({ targetId }) => targetId),
    // An array of arrays of unlike lengths is none in SQL; a field's name holds no comma.
    audits.map(({ changed }) => changed?.join() ?? ''),
    audits.map(({ ip }) => ip),
    JSON.stringify(added),
  ])
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
