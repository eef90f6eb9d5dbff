import type { Sql } from '../db/database.ts'
import type { Logger } from '../log.ts'

/** Entries that one statement removes. */
const BATCH = 1000
/** How often what has grown too old is looked for; also once at start. */
const EVERY_MS = 3_600_000

// Ids begin with the time at which they were made, so that the primary key finds the old ones of each app. The setting
// is what the table's trigger asks for before it lets a row go; it ends with the statement.
const removeSql = `
  WITH exempt AS MATERIALIZED (SELECT set_config('herald.audit_retention', 'on', true)), old AS MATERIALIZED (
    SELECT entry."appId", entry.id
    FROM "App" app CROSS JOIN LATERAL (
      SELECT "appId", id FROM "AuditEntry" WHERE "appId" = app.id AND id < $1 ORDER BY id LIMIT ${BATCH}
    ) entry
    LIMIT ${BATCH}
  ), removed AS (
    DELETE FROM "AuditEntry" entry USING old, exempt
    WHERE entry."appId" = old."appId" AND entry.id = old.id
    RETURNING 1
  )
  SELECT count(*)::int AS count FROM removed`

/**
 * Removes entries of the audit log that are older than `days`, in batches, until it is stopped. 0 keeps all.
 * @returns how to stop; resolves when nothing is under way.
 */
export function startAuditRetention(sql: Sql, days: number, log: Logger): () => Promise<void> {
  if (days === 0) return async () => {}
  let stopping = false
  let running = sweep()
  const timer = setInterval(() => {
    running = running.then(sweep)
  }, EVERY_MS).unref()

  async function sweep(): Promise<void> {
    try {
      const firstKept = `aud_${(Date.now() - days * 86_400_000).toString(16).padStart(12, '0')}`
      while (!stopping) {
        const [row] = await sql.query<{ count: number }>(removeSql, [firstKept])
        if (!row || row.count < BATCH) return
      }
    } catch (error) {
      log.warn({ err: error }, 'old entries of the audit log were not removed')
    }
  }

  return async () => {
    stopping = true
    clearInterval(timer)
    await running
  }
}
