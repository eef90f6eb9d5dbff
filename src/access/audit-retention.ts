import type { Retention } from '../db/retention.ts'

const BATCH = 1000

/**
 * Old entries of the audit log. The primary key finds those of each app; the setting is what the table's trigger asks for
 * before it lets a row go, and ends with the statement.
 */
export const auditRetention: Retention = {
  what: 'old entries of the audit log',
  batch: BATCH,
  statement: `
    WITH exempt AS MATERIALIZED (SELECT set_config('herald.audit_retention', 'on', true)), old AS MATERIALIZED (
      SELECT entry."appId", entry.id
      FROM "App" app CROSS JOIN LATERAL (
        SELECT "appId", id FROM "AuditEntry" WHERE "appId" = app.id AND id < 'aud_' || $1 ORDER BY id LIMIT ${BATCH}
      ) entry
      LIMIT ${BATCH}
    ), removed AS (
      DELETE FROM "AuditEntry" entry USING old, exempt
      WHERE entry."appId" = old."appId" AND entry.id = old.id
      RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`,
}
