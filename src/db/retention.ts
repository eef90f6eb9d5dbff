import type { Logger } from '../log.ts'
import { createSignal } from '../signal.ts'
import type { Sql } from './database.ts'
import { timeInId } from './ids.ts'

/** How often what has grown too old is looked for; also once at start. */
const EVERY_MS = 3_600_000
/** After a batch it rests so many times as long as the batch took: a long backlog must not slow what is urgent. */
const REST = 3

/** A kind of rows that are removed when they have grown old. */
export interface Retention {
  /** For the log: "old events". */
  what: string
  /** Rows that the statement removes at most. */
  batch: number
  /**
   * Removes a batch of the rows that were made before $1, and gives their `count`. $1 is what ids made at that time
   * begin with, behind their prefix: 12 hex digits of milliseconds.
   */
  statement: string
}

/**
 * Removes what is older than `days`, batch after batch, until it is stopped. 0 keeps all.
 * @returns how to stop; resolves when nothing is under way.
 */
export function startRetention(sql: Sql, retention: Retention, days: number, log: Logger): () => Promise<void> {
  if (days === 0) return async () => {}
  let stopping = false
  const rest = createSignal()
  let running = sweep()
  const timer = setInterval(() => {
    running = running.then(sweep)
  }, EVERY_MS).unref()

  async function sweep(): Promise<void> {
    const firstKept = timeInId(Date.now() - days * 86_400_000)
    try {
      while (!stopping) {
        const began = performance.now()
        const [row] = await sql.query<{ count: number }>(retention.statement, [firstKept])
        if (!row || row.count < retention.batch) return
        await rest.wait((performance.now() - began) * REST)
      }
    } catch (error) {
      log.warn({ err: error }, `${retention.what} were not removed`)
    }
  }

  return async () => {
    stopping = true
    clearInterval(timer)
    rest.set()
    await running
  }
}
