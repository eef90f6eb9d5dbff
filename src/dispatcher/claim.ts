import { randomUUID } from 'node:crypto'
import type { Sql } from '../db/database.ts'
import type { DeliveryPolicy, EventType } from '../db/generated/prisma/enums.ts'
import { owedWebhooksSql } from '../db/owed-webhooks.ts'

/** A delivery that this process holds under a lease, with all that its attempt needs. */
export interface Claimed {
  id: string
  leaseId: string
  appId: string
  webhookId: string
  eventId: string
  eventType: EventType
  /** Of the attempt that is to be made, from 1. */
  attempt: number
  /** Attempts before the schedule began anew. */
  attemptsBefore: number
  body: string
  url: string
  policy: DeliveryPolicy
  /** Newest first, as they are to sign. */
  sealedSecrets: string[]
}

/** How much a claim may take. */
export interface ClaimLimits {
  /** Deliveries in all. */
  max: number
  /** Deliveries for a webhook that is not in `rooms`. */
  roomPerLane: number
  /** What webhooks that are busy already still have room for; 0 skips them. */
  rooms: ReadonlyMap<string, number>
  /** Webhooks are looked at in the order of their ids, beginning behind this one. */
  afterWebhookId: string
}

/** How long a claimed delivery is left alone by others, unless its lease is renewed. */
export const LEASE_S = 60
/** Webhooks that one claim looks at; the next one goes on behind them. */
const MAX_LANES = 500

// All of it runs on the index "OutboxEntry" ("webhookId", "dueAt"). `probe` walks from webhook to webhook; `picked` reads of
// each only as many as there is room for, behind those that are leased, which are few. So the cost grows with the webhooks
// that are owed something, not with what they are owed.
const claimSql = `
  WITH RECURSIVE ${owedWebhooksSql('$3')}, lane AS MATERIALIZED (
    SELECT id, coalesce(($5::jsonb ->> id)::int, $4::int) AS room
    FROM (SELECT id FROM probe WHERE id IS NOT NULL LIMIT ${MAX_LANES}) probe ORDER BY id
  ), picked AS MATERIALIZED (
    SELECT due.id
    FROM lane CROSS JOIN LATERAL (
      SELECT "deliveryId" AS id FROM "OutboxEntry"
      WHERE "webhookId" = lane.id AND "dueAt" <= now() AND ("leasedUntil" IS NULL OR "leasedUntil" <= now())
      ORDER BY "dueAt" LIMIT lane.room FOR UPDATE SKIP LOCKED
    ) due
    WHERE lane.room > 0
    LIMIT $6
  ), claimed AS (
    UPDATE "OutboxEntry" SET "leaseId" = $1, "leasedUntil" = now() + make_interval(secs => $2)
    WHERE "deliveryId" = ANY(ARRAY(SELECT id FROM picked))
    RETURNING "deliveryId", "webhookId"
  ), signer AS MATERIALIZED (
    SELECT mine.ids, url, "deliveryPolicy", array(
      SELECT sealed FROM "WebhookSecret" secret
      WHERE secret."webhookId" = webhook.id AND ("validUntil" IS NULL OR "validUntil" > now())
      ORDER BY "createdAt" DESC, id DESC
    ) AS sealed
    FROM (SELECT "webhookId", array_agg("deliveryId") AS ids FROM claimed GROUP BY "webhookId") mine
    JOIN "Webhook" webhook ON webhook.id = mine."webhookId"
  )
  SELECT walk."goOnBehind", delivery.id, $1 AS "leaseId", delivery."appId", delivery."webhookId", delivery."eventId",
    event.type AS "eventType", delivery."attemptCount" + 1 AS attempt, delivery."attemptsBefore", event.body, signer.url,
    signer."deliveryPolicy" AS policy, signer.sealed AS "sealedSecrets"
  FROM (SELECT CASE WHEN count(*) = ${MAX_LANES} THEN max(id) END AS "goOnBehind" FROM lane) walk
  LEFT JOIN (
    signer CROSS JOIN unnest(signer.ids) AS mine(id)
    JOIN "Delivery" delivery ON delivery.id = mine.id
    JOIN "Event" event ON event.id = delivery."eventId"
  ) ON true`

/** What a claim took. */
export interface Claim {
  /** Ordered by id, which is the order of their events. */
  deliveries: Claimed[]
  /** The webhook behind which the next claim is to go on; empty when all that were behind `afterWebhookId` were seen. */
  goOnBehind: string
}

/**
 * Takes due deliveries under a lease, in one statement; what others are just taking is skipped. Within a webhook the
 * oldest come first.
 */
export async function claim(sql: Sql, limits: ClaimLimits): Promise<Claim> {
  const rows = await sql.query<(Claimed | { id: null }) & { goOnBehind: string | null }>(claimSql, [
    randomUUID(),
    LEASE_S,
    limits.afterWebhookId,
    limits.roomPerLane,
    JSON.stringify(Object.fromEntries(limits.rooms)),
    limits.max,
  ])
  const deliveries = rows.filter((row) => row.id !== null).sort((a, b) => (a.id < b.id ? -1 : 1))
  // The round of webhooks was cut short by what it may take, or by how many it may look at.
  const full = deliveries.length === limits.max
  const lastTaken =
    deliveries
      .map(({ webhookId }) => webhookId)
      .sort()
      .at(-1) ?? ''
  return { deliveries, goOnBehind: full ? lastTaken : (rows[0]?.goOnBehind ?? '') }
}
