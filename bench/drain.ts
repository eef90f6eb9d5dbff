import { sql, startHerald } from '../test/support/process.ts'
import { bareLoop } from './bare.ts'
import { countOf, createWebhooks, fill, ledger } from './fill.ts'
import { benchEnv, type Stand, until } from './stand.ts'

const WEBHOOKS = 10
const EVENTS = 2000
const DELIVERIES = WEBHOOKS * EVENTS
const ENDED = 1_000_000

/** Starts a dispatcher where 20,000 deliveries are due. @returns callbacks per second from the first to the last. */
async function drain(stand: Stand, env: Record<string, string>) {
  await stand.receiver.take()
  const herald = await startHerald(env)
  await until(async () => (await stand.receiver.count()) >= DELIVERIES, 'all callbacks')
  await until(async () => (await countOf(herald, 'PENDING')) === 0, 'all written down')
  const times = (await stand.receiver.take()).map(([, at]) => at).sort((a, b) => a - b)
  const balance = await ledger(herald, DELIVERIES, times.length)
  if ((await herald.kill('SIGTERM')) !== 0) throw new Error(herald.output())
  return { rate: DELIVERIES / (((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000), balance }
}

/** A Herald with webhooks; `refill` makes their deliveries due while no dispatcher runs. */
async function prepare(stand: Stand, setting: 'embedded' | 'production') {
  const env = await benchEnv(setting, stand)
  const withApi = async (work: (api: Awaited<ReturnType<typeof startHerald>>) => Promise<unknown>) => {
    const api = await startHerald({ ...env, ROLES: 'api' })
    await work(api)
    await api.kill('SIGTERM')
  }
  await withApi((api) => createWebhooks(api, stand.receiver, WEBHOOKS))
  return { env, refill: () => withApi((api) => fill(api, EVENTS)) }
}

/** 20,000 due deliveries over 10 webhooks, beside the bare loop, on both settings. */
export async function drainTable(stand: Stand) {
  const rows = []
  for (const setting of ['production', 'embedded'] as const) {
    const { env, refill } = await prepare(stand, setting)
    await refill()
    const bare = await bareLoop(stand.receiver, DELIVERIES, WEBHOOKS, 16)
    const { rate, balance } = await drain(stand, env)
    rows.push({ setting, 'callbacks/s': rate, 'bare loop/s': bare, ratio: rate / bare, ledger: balance })
  }
  return rows
}

/** The same drain with nothing else in the table, and with a million deliveries that ended yesterday. */
export async function growthTable(stand: Stand) {
  const { env, refill } = await prepare(stand, 'production')
  const rows = []
  for (const ended of [0, ENDED]) {
    if (ended > 0) await insertEnded(env, ended)
    await refill()
    const { rate, balance } = await drain(stand, env)
    const ratio: number = rate / (rows[0]?.['callbacks/s'] ?? rate)
    rows.push({ 'ended before': ended, 'callbacks/s': rate, ratio, ledger: balance })
  }
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
