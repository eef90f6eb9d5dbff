import type { Sql } from '../db/database.ts'
import type { DeliveryStatus } from '../db/generated/prisma/enums.ts'
import type { AttemptResult } from './attempt.ts'
import type { Claimed } from './claim.ts'
import type { Verdict } from './retry.ts'

/** An attempt that was made, to be written down. */
export interface Settlement {
  delivery: Claimed
  result: AttemptResult
  verdict: Verdict
}

/** A webhook every attempt to which has failed for so long is failing. */
const FAILING_DAYS = 5

// Fenced on the lease: where it was lost, another dispatcher answers for the delivery and nothing is written. A
// delivery that was canceled while its attempt was under way (its entry is due no more) stays so, unless the attempt
// delivered it. What has ended leaves the outbox. "= ANY($1)" bounds what is read, in whatever order tables are joined.
const settleSql = `
  WITH result AS MATERIALIZED (
    SELECT * FROM unnest(
      $1::text[], $2::text[], $3::int[], $4::text[], $5::float8[], $6::text[], $7::timestamptz[], $8::int[],
      $9::text[], $10::int[], $11::text[], $12::text[], $13::bool[], $14::text[]
    ) AS r(id, lease, number, verdict, "delayS", outcome, "startedAt", "durationMs",
      "requestHeaders", "responseStatus", "responseHeaders", "responseBody", truncated, failure)
  ), ended AS (
    DELETE FROM "OutboxEntry" entry USING result
    WHERE entry."deliveryId" = ANY($1) AND entry."deliveryId" = result.id AND entry."leaseId" = result.lease
      AND (result.verdict <> 'PENDING' OR entry."dueAt" IS NULL)
    RETURNING result.*, entry."dueAt" IS NULL AS canceled
  ), again AS (
    UPDATE "OutboxEntry" entry
    SET "dueAt" = now() + make_interval(secs => result."delayS"), "leaseId" = NULL, "leasedUntil" = NULL
    FROM result
    WHERE entry."deliveryId" = ANY($1) AND entry."deliveryId" = result.id AND entry."leaseId" = result.lease
      AND result.verdict = 'PENDING' AND entry."dueAt" IS NOT NULL
    RETURNING result.*, false AS canceled
  ), settled AS (
    UPDATE "Delivery" delivery SET
      status = CASE WHEN canceled AND verdict <> 'SUCCEEDED' THEN 'CANCELED' ELSE verdict::"DeliveryStatus" END,
      "attemptCount" = number,
      "completedAt" = CASE WHEN verdict <> 'PENDING' THEN now() ELSE "completedAt" END
    FROM (SELECT * FROM ended UNION ALL SELECT * FROM again) held
    WHERE delivery.id = ANY($1) AND delivery.id = held.id
    RETURNING held.*, delivery."webhookId", delivery.status, outcome = 'DELIVERED' AS delivered
  ), tally AS (
    SELECT "webhookId" AS id, bool_or(delivered) AS healthy FROM settled GROUP BY 1
  ), turned AS MATERIALIZED (
    SELECT webhook.id, healthy FROM "Webhook" webhook JOIN tally ON tally.id = webhook.id
    WHERE ("failingSince" IS NULL) <> healthy ORDER BY webhook.id FOR NO KEY UPDATE OF webhook
  ), health AS (
    UPDATE "Webhook" webhook SET "failingSince" = CASE WHEN healthy THEN NULL ELSE now() END
    FROM turned WHERE webhook.id = turned.id
  ), attempt AS (
    INSERT INTO "DeliveryAttempt" ("deliveryId", number, "webhookId", outcome, "startedAt", "durationMs", "requestHeaders",
      "responseStatus", "responseHeaders", "responseBody", "responseBodyTruncated", failure)
    SELECT id, number, "webhookId", outcome::"AttemptOutcome", "startedAt", "durationMs", "requestHeaders"::jsonb,
      "responseStatus", "responseHeaders"::jsonb, decode("responseBody", 'base64'), truncated, failure
    FROM settled
  )
  SELECT settled.id, lease, settled.status, NOT bool_or(delivered) OVER (PARTITION BY webhook.id)
    AND "failingSince" <= now() - make_interval(days => ${FAILING_DAYS}) AS failing
  FROM settled JOIN "Webhook" webhook ON webhook.id = settled."webhookId"`

/** A delivery whose attempt was written down, as it now is. */
export interface Settled {
  status: DeliveryStatus
  /** Whether every attempt to its webhook has failed for 5 days. */
  failing: boolean
}

/**
 * Writes down a batch of attempts in one statement, and since when their webhooks have been failing.
 * @returns what became of those whose lease still held; one delivery may be in a batch under a lost lease as well.
 */
export async function settle(sql: Sql, batch: readonly Settlement[]): Promise<Map<Claimed, Settled>> {
  const settled = await settleOnce(sql, batch)
  const rest = batch.filter(({ delivery }) => !settled.has(delivery))
  if (rest.length === 0) return settled
  // Their leases were lost, most likely. But what was canceled while the statement ran is seen only by the next one.
  return new Map([...settled, ...(await settleOnce(sql, rest))])
}

async function settleOnce(sql: Sql, unordered: readonly Settlement[]): Promise<Map<Claimed, Settled>> {
  // Whoever locks several deliveries does so in the order of their ids.
  const batch = unordered.toSorted((a, b) => (a.delivery.id < b.delivery.id ? -1 : 1))
  const column = <T>(value: (settlement: Settlement) => T) => batch.map(value)
  const rows = await sql.query<Settled & { id: string; lease: string }>(settleSql, [
    column(({ delivery }) => delivery.id),
    column(({ delivery }) => delivery.leaseId),
    column(({ delivery }) => delivery.attempt),
    column(({ verdict }) => verdict.status),
    column(({ verdict }) => (verdict.status === 'PENDING' ? verdict.delayS : 0)),
    column(({ result }) => result.outcome),
    column(({ result }) => result.startedAt.toISOString()),
    column(({ result }) => result.durationMs),
    column(({ result }) => JSON.stringify(result.requestHeaders)),
    column(({ result }) => result.responseStatus),
    column(({ result }) => result.responseHeaders && JSON.stringify(result.responseHeaders, storableValue)),
    column(({ result }) => result.responseBody?.toString('base64')),
    column(({ result }) => result.responseBodyTruncated),
    column(({ result }) => result.failure && storable(result.failure)),
  ])
  const settled = new Map(rows.map((row) => [`${row.id} ${row.lease}`, row]))
  return new Map(
    batch.flatMap(({ delivery }) => {
      const row = settled.get(`${delivery.id} ${delivery.leaseId}`)
      return row ? [[delivery, row]] : []
    }),
  )
}

/** What the other side sent may hold what Postgres cannot store as text: NUL, halves of surrogate pairs. */
const storable = (text: string) => text.replaceAll('\0', '').toWellFormed()
const storableValue = (_: string, value: unknown) => (typeof value === 'string' ? storable(value) : value)
