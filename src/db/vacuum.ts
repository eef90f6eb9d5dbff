import type { Logger } from '../log.ts'
import type { Sql } from './database.ts'

/** How often tables are looked at. */
const EVERY_MS = 60_000

// The thresholds of Postgres' own autovacuum, but for the constant part: small tables are no trouble.
const untidySql = `
  SELECT relname AS table FROM pg_stat_user_tables
  WHERE n_dead_tup > 1000 + 0.2 * n_live_tup OR n_mod_since_analyze > 1000 + 0.1 * n_live_tup
  ORDER BY n_dead_tup`

/** Makes the room of removed rows usable again, and tells the planner how big tables are. @returns what was tidied. */
export async function vacuum(sql: Sql): Promise<string[]> {
  const tables = (await sql.query<{ table: string }>(untidySql)).map(({ table }) => table)
  // One by one: in between others have their turn.
  for (const table of tables) await sql.query(`VACUUM (ANALYZE) "${table}"`)
  return tables
}

/**
 * Does every minute what a server's autovacuum does, for the embedded database has none: without it the files would grow
 * with each delivery for ever. @returns how to stop; resolves when nothing is under way.
 */
export function startVacuum(sql: Sql, log: Logger): () => Promise<void> {
  let running: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    running = running.then(() => vacuum(sql)).catch((error) => log.warn({ err: error }, 'tables were not vacuumed'))
  }, EVERY_MS).unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
