import { type Herald, sql, startHerald } from '../test/support/process.ts'
import { bareLoop } from './bare.ts'
import { countOf, createWebhooks, fill, ledger } from './fill.ts'
import { benchEnv, type Stand, until } from './stand.ts'

const WEBHOOKS = 10
const EVENTS = 2000
const DELIVERIES = WEBHOOKS * EVENTS
const ENDED = 1_000_000

/** Seconds between a commit and its first attempts: all that is made meanwhile falls due faster than it can be sent. */
const DELAY_S = 15

/** A Herald with webhooks, which sends what `drain` makes. */
async function prepare(stand: Stand, setting: 'embedded' | 'production') {
  const env = { ...(await benchEnv(setting, stand)), RETRY_SCHEDULE_S: String(DELAY_S) }
  const herald = await startHerald(env)
  await createWebhooks(herald, stand.receiver, WEBHOOKS)
  return { env, herald }
}

/** Has 20,000 deliveries fall due. @returns callbacks per second from the first to the last. */
async function drain(stand: Stand, herald: Herald) {
  await stand.receiver.take()
  const began = performance.now()
  await fill(herald, EVENTS)
  if (performance.now() - began > DELAY_S * 1000) throw new Error('what was to fall due together took too long to make')
  await until(async () => (await stand.receiver.count()) >= DELIVERIES, 'all callbacks')
  await until(async () => (await countOf(herald, 'PENDING')) === 0, 'all written down')
  const times = (await stand.receiver.take()).map(([, at]) => at).sort((a, b) => a - b)
  const balance = await ledger(herald, DELIVERIES, times.length)
  return { rate: DELIVERIES / (((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000), balance }
}

async function stop(herald: Herald): Promise<void> {
  if ((await herald.kill('SIGTERM')) !== 0) throw new Error(herald.output())
}

/**
 * 20,000 due deliveries over 10 webhooks, beside the bare loop, on both settings. Twice in one process: the first time its
 * code is still being compiled, which is most of all the embedded database's.
 */
export async function drainTable(stand: Stand) {
  const rows = []
  await bareLoop(stand.receiver, DELIVERIES, WEBHOOKS, 16)
  for (const setting of ['production', 'embedded'] as const) {
    const { herald } = await prepare(stand, setting)
    for (const state of ['just started', 'warm']) {
      const bare = await bareLoop(stand.receiver, DELIVERIES, WEBHOOKS, 16)
      const { rate, balance } = await drain(stand, herald)
      rows.push({ setting, state, 'callbacks/s': rate, 'bare loop/s': bare, ratio: rate / bare, ledger: balance })
    }
    await stop(herald)
  }
  return rows
}

/** The same drain with nothing else in the table, and with a million deliveries that ended yesterday. */
export async function growthTable(stand: Stand) {
  const { env, herald } = await prepare(stand, 'production')
  await drain(stand, herald)
  const rows = []
  for (const ended of [0, ENDED]) {
    if (ended > 0) await insertEnded(env, ended)
    const { rate, balance } = await drain(stand, herald)
    const ratio: number = rate / (rows[0]?.['callbacks/s'] ?? rate)
    rows.push({ 'ended before': ended, 'callbacks/s': rate, ratio, ledger: balance })
  }
  await stop(herald)
  return rows
}

async function insertEnded(env: Record<string, string>, count: number): Promise<void> {
  await sql(
    env,
    `INSERT INTO "Event" (id, "appId", type, "entityId", "occurredAt", body)
     SELECT 'evt_' || lpad(to_hex((extract(epoch FROM now() - interval '1 day') * 1000)::int8), 12, '0')
       || lpad(n::text, 20, '0'), app.id, 'AGENT_CREATED', 'agt_0', now() - interval '1 day', repeat('x', 600)
     FROM "App" app, generate_series(1, $1::int) n`,
    [count],
  )
  await sql(
    env,
    `INSERT INTO "Delivery" (id, "appId", "webhookId", "eventId", status, "attemptCount", "createdAt", "completedAt")
     SELECT 'dlv_' || substr(event.id, 5), event."appId", (SELECT min(id) FROM "Webhook"), event.id, 'SUCCEEDED', 1,
       event."occurredAt", event."occurredAt"
     FROM "Event" event WHERE event.sequence IS NULL`,
  )
  await sql(env, 'VACUUM ANALYZE')
}
