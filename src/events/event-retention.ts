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
      -- Fenced off, so that the partial index of what is pending is read, and not all of the primary key.
      SELECT 'evt_' || substr(min(id), 5, 22) AS id
      FROM (SELECT id FROM "Delivery" WHERE status = 'PENDING' OFFSET 0) pending
    ), old AS MATERIALIZED (
      SELECT id FROM "Event" WHERE id < least('evt_' || $1, (SELECT id FROM owed)) ORDER BY id LIMIT ${BATCH}
    ), removed AS (
      DELETE FROM "Event" WHERE id IN (SELECT id FROM old) RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`,
}
