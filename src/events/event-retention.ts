import type { Retention } from '../db/retention.ts'

/** Each takes its deliveries and their attempts along. */
const BATCH = 200

/**
 * Old events with their deliveries. Nothing behind the oldest pending delivery goes, however old: it is still owed, and
 * the log has no holes, so that a cursor is either good or known to be too old.
 */
export const eventRetention: Retention = {
  what: 'old events',
  batch: BATCH,
  statement: `
    WITH owed AS MATERIALIZED (
      SELECT 'evt_' || substr(min("deliveryId"), 5, 22) AS id FROM "OutboxEntry" WHERE "dueAt" IS NOT NULL
    ), old AS MATERIALIZED (
      SELECT id FROM "Event" WHERE id < least('evt_' || $1, (SELECT id FROM owed)) ORDER BY id LIMIT ${BATCH}
    ), removed AS (
      DELETE FROM "Event" WHERE id = ANY(ARRAY(SELECT id FROM old)) RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`,
}
