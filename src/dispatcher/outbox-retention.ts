import type { Retention } from '../db/retention.ts'

const BATCH = 1000
/** Long after any attempt has ended, whatever its retries. */
export const OUTBOX_RETENTION_DAYS = 1

/** Entries of canceled deliveries whose attempt never ended, for its dispatcher was killed: nobody else removes them. */
export const outboxRetention: Retention = {
  what: 'entries of canceled deliveries',
  batch: BATCH,
  statement: `
    WITH removed AS (
      DELETE FROM "OutboxEntry" WHERE "deliveryId" = ANY(ARRAY(
        SELECT "deliveryId" FROM "OutboxEntry"
        WHERE "deliveryId" < 'dlv_' || $1 AND "dueAt" IS NULL AND ("leasedUntil" IS NULL OR "leasedUntil" <= now())
        LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
      )) RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`,
}
