import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '../bus/bus.ts'
import type { Database, Sql } from '../db/database.ts'
import { owedWebhooksSql } from '../db/owed-webhooks.ts'
import { gauge, type Metrics } from './registry.ts'

/** Pending deliveries are counted up to this number: what bounds the cost, whatever the backlog. */
const MAX_COUNTED = 100_000
/** Webhooks whose oldest due delivery is looked for, by one look-up each. */
const MAX_WEBHOOKS = 2000
/** A reading is given out for so long, however often it is asked for. */
const KEPT_MS = 5000
/** A database that does not answer in this time counts as away: a scrape is not held up by it. */
const TIMEOUT_MS = 2000

// As a claim walks: from webhook to webhook, so that the cost does not grow with what they are owed.
const backlogSql = `
  WITH RECURSIVE ${owedWebhooksSql("''")}, oldest AS (
    SELECT (SELECT "dueAt" FROM "OutboxEntry"
      WHERE "webhookId" = probe.id AND "dueAt" <= now() AND ("leasedUntil" IS NULL OR "leasedUntil" <= now())
      ORDER BY "dueAt" LIMIT 1) AS at
    FROM (SELECT id FROM probe WHERE id IS NOT NULL LIMIT ${MAX_WEBHOOKS}) probe
  )
  SELECT
    (SELECT count(*) FROM (
      SELECT 1 FROM "OutboxEntry" WHERE "dueAt" IS NOT NULL LIMIT ${MAX_COUNTED}
    ) counted)::int AS pending,
    coalesce((SELECT extract(epoch FROM now() - min(at)) FROM oldest), 0)::float8 AS "oldestDueS"`

interface Backlog {
  pending: number
  oldestDueS: number
}

/**
 * The figures of what all processes share; each process tells the same. What cannot be read is left out, and only
 * `herald_database_up` says so: an old figure would look like a true one.
 */
export function addSharedMetrics(metrics: Metrics, db: Pick<Database, 'sql' | 'pools'>, bus: Bus): void {
  const read = createReader(db.sql)
  gauge(metrics, 'herald_database_up', 'Whether the database answered within 2 s.', [], async (up) => {
    up.set((await read()) ? 1 : 0)
  })
  const backlogGauge = (name: string, help: string, value: (backlog: Backlog) => number) =>
    gauge(metrics, name, help, [], async (figure) => {
      const backlog = await read()
      if (backlog) figure.set(value(backlog))
      else figure.remove()
    })
  backlogGauge(
    'herald_deliveries_pending',
    `Deliveries of all apps that have not ended, those that wait for a retry included; counted up to ${MAX_COUNTED}.`,
    ({ pending }) => pending,
  )
  backlogGauge(
    'herald_deliveries_oldest_due_seconds',
    'For how long the delivery has been due that has waited longest for an attempt; 0 where none waits.',
    ({ oldestDueS }) => oldestDueS,
  )
  const connections = 'Connections to the database; waiting: what waits for one.'
  gauge(metrics, 'herald_database_connections', connections, ['pool', 'state'], (figure) => {
    for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries(db.pools)) {
      figure.set({ pool, state: 'busy' }, totalCount - idleCount)
      figure.set({ pool, state: 'idle' }, idleCount)
      figure.set({ pool, state: 'waiting' }, waitingCount)
    }
  })
  if (bus.kind !== 'redis') return
  gauge(metrics, 'herald_redis_up', 'Whether the process is connected to Redis.', [], (up) => {
    up.set(bus.connected() ? 1 : 0)
  })
}

/** @returns what reads the backlog: null where the database is away. One question at a time, whoever asks. */
function createReader(sql: Sql): () => Promise<Backlog | null> {
  let reading: Promise<Backlog | null> = Promise.resolve(null)
  let goodUntil = 0

  function ask(): Promise<Backlog | null> {
    if (performance.now() < goodUntil) return reading
    goodUntil = Number.POSITIVE_INFINITY
    reading = sql
      .query<Backlog>(backlogSql)
      .then(
        ([row]) => row ?? null,
        () => null,
      )
      .finally(() => {
        goodUntil = performance.now() + KEPT_MS
      })
    return reading
  }

  return () => Promise.race([ask(), sleep(TIMEOUT_MS, null, { ref: false })])
}
