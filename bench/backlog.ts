import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import { deliveryIdSql } from '../src/db/ids.ts'
import { openPostgres } from '../src/db/postgres.ts'
import { claim } from '../src/dispatcher/claim.ts'
import { giveBack } from '../src/dispatcher/lease.ts'
import { sql, startHerald } from '../test/support/process.ts'
import { createWebhooks } from './fill.ts'
import { benchEnv, percentile, type Stand } from './stand.ts'

const CLAIMS = 40

/** What a claim costs, and a dispatcher holds after 10 s of sending, with a thousand and with a million due deliveries. */
export async function backlogTable(stand: Stand) {
  const env = await benchEnv('production', stand)
  const api = await startHerald({ ...env, ROLES: 'api' })
  await createWebhooks(api, stand.receiver, 10)
  await api.kill('SIGTERM')
  const rows: { due: number; 'claim ms': number; 'RSS MB': number; 'claim ratio': number }[] = []
  for (const due of [1000, 1_000_000]) {
    await insertDue(env, due)
    const claimMs = await timeClaims(env)
    const herald = await startHerald({ ...env, ROLES: 'dispatcher' })
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    const rss = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${herald.pid}/status`, 'utf8'))?.[1]) / 1024
    await herald.kill('SIGTERM')
    rows.push({ due, 'claim ms': claimMs, 'claim ratio': claimMs / (rows[0]?.['claim ms'] ?? claimMs), 'RSS MB': rss })
  }
  return rows
}

/** Median ms of a claim of 160 (16 for each of 10 webhooks) that is given back after it. */
async function timeClaims(env: Record<string, string>): Promise<number> {
  const db = await openPostgres(env.DATABASE_URL as string, pino({ level: 'silent' }))
  const times: number[] = []
  for (let index = 0; index < CLAIMS; index++) {
    const began = performance.now()
    const limits = { max: 512, roomPerLane: 16, rooms: new Map(), afterWebhookId: '' }
    const { deliveries } = await claim(db.sql, limits)
    times.push(performance.now() - began)
    if (deliveries.length !== 160) throw new Error(`claimed ${deliveries.length}, not 160`)
    await giveBack(db.sql, deliveries)
  }
  await db[Symbol.asyncDispose]()
  return percentile(times, 0.5)
}

async function insertDue(env: Record<string, string>, count: number): Promise<void> {
  const events = count / 10
  await sql(env, 'DELETE FROM "Event"')
  await sql(
    env,
    `INSERT INTO "Event" (id, "appId", type, "entityId", "occurredAt", body)
     SELECT 'evt_' || rpad(lpad(n::text, 22, '0'), 32, '0'), app.id, 'AGENT_CREATED', 'agt_0', now(), repeat('x', 600)
     FROM "App" app, generate_series(1, $1::int) n`,
    [events],
  )
  await sql(
    env,
    `WITH delivery AS (
       INSERT INTO "Delivery" (id, "appId", "webhookId", "eventId", "createdAt")
       SELECT ${deliveryIdSql('event.id')}, event."appId", webhook.id, event.id, now()
       FROM "Event" event, "Webhook" webhook
       RETURNING id, "webhookId"
     )
     INSERT INTO "OutboxEntry" ("deliveryId", "webhookId", "dueAt") SELECT id, "webhookId", now() FROM delivery`,
  )
  await sql(env, 'VACUUM ANALYZE')
}
