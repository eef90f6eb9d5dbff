import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { type Family, parseExposition } from './support/exposition.ts'
import { eventually, type Herald, raw, settingEnv, sql, startHerald } from './support/herald.ts'
import { watch } from './support/live.ts'
import { environment } from './support/process.ts'
import { startReceiver } from './support/receiver.ts'
import { startRedis } from './support/redis.ts'
import { startPostgres } from './support/servers.ts'
import { openSocket } from './support/ws.ts'

/** For tests that wait for several readings of the database, each of which is kept for 5 s. */
const SLOW_MS = 180_000

let processes: Herald[]
beforeEach(() => {
  processes = []
})
afterEach(async () => {
  const codes = await Promise.all(processes.map((herald) => herald.kill('SIGTERM')))
  expect(codes).toEqual(processes.map(() => 0))
})
async function start(env: Record<string, string>): Promise<Herald> {
  const herald = await startHerald(env)
  processes.push(herald)
  return herald
}

const scrape = (herald: Herald, headers: Record<string, string> = {}) =>
  fetch(herald.url.replace('/graphql', '/metrics'), { headers })
const read = async (herald: Herald) => parseExposition(await (await scrape(herald)).text())

/** All samples of a family without histograms' buckets, by their labels: { 'ok': 3 }, or { '': 3 } without labels. */
function figures(families: Map<string, Family>, name: string): Record<string, number> {
  const { samples } = families.get(name) ?? { samples: [] }
  return Object.fromEntries(
    samples
      .filter((sample) => sample.name === name || sample.name === `${name}_count`)
      .map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  )
}
const figure = async (herald: Herald, name: string, labels = '') => figures(await read(herald), name)[labels]
/** Those that are not 0. */
const counted = (families: Map<string, Family>, name: string) =>
  Object.fromEntries(Object.entries(figures(families, name)).filter(([, value]) => value !== 0))

const createWebhook = async (herald: Herald, url: string, deliveryPolicy: 'RETRY' | 'ONCE' = 'ONCE') => {
  const { webhookCreate } = await run(herald, api.WebhookCreateDocument, { input: { url, deliveryPolicy } })
  if (webhookCreate.__typename !== 'WebhookCreateSuccess') throw new Error(webhookCreate.message)
  return { ...webhookCreate.webhook, secret: webhookCreate.secret }
}
const createContext = (herald: Herald) => run(herald, api.ContextCreateDocument, { input: { name: 'c' } })

describe.each(['embedded', 'production'] as const)('on the %s setting', (setting) => {
  it('counts exactly what was done, and names nobody', async () => {
    const env: Record<string, string> = {
      ...(await settingEnv(setting)),
      RETRY_SCHEDULE_S: '0,0',
      CALLBACK_TIMEOUT_MS: '300',
    }
    const [one, other] =
      setting === 'embedded'
        ? [await start(env), null]
        : [await start({ ...env, ROLES: 'api' }), await start({ ...env, ROLES: 'dispatcher' })]
    const dispatcher = other ?? one
    const receivers = await Promise.all([
      startReceiver((response) => response.writeHead(204).end()),
      startReceiver((response) => response.writeHead(500).end()),
      startReceiver(() => {}),
      startReceiver((response) => response.writeHead(410).end()),
    ])
    const [healthy, failing, hanging, gone] = receivers.map(({ url }) => url) as [string, string, string, string]
    const webhooks = [
      await createWebhook(one, healthy),
      await createWebhook(one, failing, 'RETRY'),
      await createWebhook(one, hanging),
      await createWebhook(one, gone),
      await createWebhook(one, 'http://127.0.0.1:1025/nobody'),
    ]
    const { contextCreate } = await createContext(one)
    if (contextCreate.__typename !== 'ContextCreateSuccess') throw new Error(contextCreate.message)
    await eventually(
      async () => (await run(one, api.DeliveriesDocument, { status: 'PENDING' })).deliveries.nodes.length === 0,
      'all ended',
    )
    await eventually(async () => figure(dispatcher, 'herald_webhooks_deactivated_total', 'endpoint_gone'), '410')

    const sent = await read(dispatcher)
    expect(counted(sent, 'herald_delivery_attempts_total')).toEqual({
      delivered: 1,
      rejected: 3,
      timed_out: 1,
      unreachable: 1,
    })
    expect(counted(sent, 'herald_delivery_attempt_duration_seconds')).toEqual({
      delivered: 1,
      rejected: 3,
      timed_out: 1,
      unreachable: 1,
    })
    // The first of each delivery.
    expect(figures(sent, 'herald_delivery_delay_seconds')).toEqual({ '': 5 })
    expect(counted(sent, 'herald_deliveries_ended_total')).toEqual({ succeeded: 1, failed: 4 })
    expect(figures(sent, 'herald_webhooks_deactivated_total')).toEqual({ endpoint_gone: 1, failing: 0 })
    expect(figures(sent, 'herald_leases_lost_total')).toEqual({ '': 0 })
    expect(figures(sent, 'herald_deliveries_held')).toEqual({ '': 0 })
    expect(figures(sent, 'herald_delivery_attempts_under_way')).toEqual({ '': 0 })
    expect(figures(sent, 'herald_claim_duration_seconds')['']).toBeGreaterThan(0)
    expect(figures(sent, 'herald_settle_duration_seconds')['']).toBeGreaterThan(0)

    const asked = await read(one)
    expect(counted(asked, 'herald_events_committed_total')).toEqual({ 'context.created': 1 })
    const operations = counted(asked, 'herald_graphql_operations_total')
    expect(operations).toEqual({ 'mutation ok': 6, 'query ok': expect.any(Number) })
    expect(counted(asked, 'herald_graphql_operation_duration_seconds')).toEqual({
      mutation: 6,
      query: operations['query ok'],
    })
    const { '/graphql 200': answers, ...others } = counted(asked, 'herald_http_responses_total')
    expect(answers).toBe(6 + (operations['query ok'] as number))
    expect(Object.keys(others).filter((name) => name !== '/metrics 200')).toEqual([])

    await eventually(async () => (await figure(one, 'herald_deliveries_pending')) === 0, 'nothing pending')
    for (const herald of processes) {
      const response = await scrape(herald)
      expect([response.status, response.headers.get('content-type')]).toEqual([
        200,
        'text/plain; version=0.0.4; charset=utf-8',
      ])
      const text = await response.text()
      const families = parseExposition(text)
      for (const [name, { type }] of families) {
        expect(name).toMatch(/^(herald|process|nodejs)_/)
        if (name.startsWith('herald_')) expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
      }
      expect(figures(families, 'herald_database_up')).toEqual({ '': 1 })
      expect(figures(families, 'herald_redis_up')).toEqual(setting === 'embedded' ? {} : { '': 1 })
      expect(figures(families, 'herald_deliveries_oldest_due_seconds')).toEqual({ '': 0 })
      expect(figures(families, 'process_cpu_seconds_total')['']).toBeGreaterThan(0)
      // Each role has its own figures.
      const roles = herald === other ? 'dispatcher' : setting === 'embedded' ? 'api,dispatcher' : 'api'
      expect(families.get('herald_info')?.samples[0]?.labels.roles).toBe(roles)
      expect(families.has('herald_graphql_operations_total')).toBe(roles.includes('api'))
      expect(families.has('herald_delivery_attempts_total')).toBe(roles.includes('dispatcher'))
      // Nothing of any app: no id, URL, port, key, secret or name.
      expect(text).not.toMatch(/\b[a-z]{2,4}_[0-9a-f]{32}\b/)
      expect(text).not.toMatch(/https?:|whsec_|127\.0\.0\.1|localhost/)
      const { data } = await raw(one, '{ app { id name } }')
      const secrets = [one.key, data.app.id, contextCreate.context.id, healthy, 'Default']
      for (const { id, secret } of webhooks) secrets.push(id, secret)
      for (const secret of secrets) expect([secret, text.includes(secret)]).toEqual([secret, false])
    }
    await Promise.all(receivers.map((receiver) => receiver.close()))
  })
})

it(
  'tells what is pending and for how long it has been due, whichever process is asked',
  async () => {
    const env = await settingEnv('production')
    const herald = await start({ ...env, ROLES: 'api' })
    const receiver = await startReceiver()
    await createWebhook(herald, receiver.url)
    await createWebhook(herald, receiver.url)
    for (let i = 0; i < 10; i++) await createContext(herald)
    await eventually(async () => (await figure(herald, 'herald_deliveries_pending')) === 20, '20 pending')
    await sql(
      env,
      `UPDATE "OutboxEntry" SET "dueAt" = now() - interval '1 hour'
     WHERE "deliveryId" = (SELECT "deliveryId" FROM "OutboxEntry" ORDER BY random() LIMIT 1)`,
    )
    const age = await eventually(async () => {
      const seconds = await figure(herald, 'herald_deliveries_oldest_due_seconds')
      return seconds !== undefined && seconds > 1000 && seconds
    }, 'the oldest')
    expect(age).toBeGreaterThanOrEqual(3600)
    expect(age).toBeLessThan(4000)
    // What waits for its time is pending, and not due.
    await sql(env, `UPDATE "OutboxEntry" SET "dueAt" = now() + interval '1 hour'`)
    await eventually(async () => (await figure(herald, 'herald_deliveries_oldest_due_seconds')) === 0, 'none due')
    expect(await figure(herald, 'herald_deliveries_pending')).toBe(20)
    await sql(env, `UPDATE "OutboxEntry" SET "dueAt" = now()`)
    const dispatcher = await start({ ...env, ROLES: 'dispatcher' })
    for (const process of [herald, dispatcher]) {
      await eventually(async () => (await figure(process, 'herald_deliveries_pending')) === 0, 'all delivered')
    }
    expect(counted(await read(dispatcher), 'herald_delivery_attempts_total')).toEqual({ delivered: 20 })
    await receiver.close()
  },
  SLOW_MS,
)

it('counts attempts whose lease was lost', async () => {
  const env = { ...(await settingEnv('production')), LOG_LEVEL: 'fatal' }
  const herald = await start({ ...env, ROLES: 'api' })
  const dispatcher = await start({ ...env, ROLES: 'dispatcher' })
  const open: (() => void)[] = []
  const receiver = await startReceiver((response) => open.push(() => response.end()))
  await createWebhook(herald, receiver.url)
  await createContext(herald)
  await eventually(() => open.length === 1, 'the attempt under way')
  const underWay = await read(dispatcher)
  expect(figures(underWay, 'herald_deliveries_held')).toEqual({ '': 1 })
  expect(figures(underWay, 'herald_delivery_attempts_under_way')).toEqual({ '': 1 })
  await sql(env, `UPDATE "OutboxEntry" SET "leaseId" = 'another', "leasedUntil" = now() + interval '1 hour'`)
  for (const end of open) end()
  await eventually(async () => (await figure(dispatcher, 'herald_leases_lost_total')) === 1, 'the lost lease')
  const families = await read(dispatcher)
  expect(counted(families, 'herald_delivery_attempts_total')).toEqual({ delivered: 1 })
  expect(counted(families, 'herald_deliveries_ended_total')).toEqual({})
  await receiver.close()
})

it('counts what is refused, and what is open, over every transport', async () => {
  // Addresses are counted for all that share a Redis, and all tests have the same address.
  const redis = await startRedis()
  const env = { ...(await settingEnv('production')), REDIS_URL: redis.url }
  const herald = await start({
    ...env,
    ROLES: 'api',
    RATE_LIMIT_PER_MIN: '400',
    RATE_LIMIT_SUBSCRIPTIONS: '3',
    RATE_LIMIT_FAILED_KEYS: '5',
    LOG_LEVEL: 'fatal',
  })
  const counts = async () => {
    const families = await read(herald)
    return {
      operations: counted(families, 'herald_graphql_operations_total'),
      limited: counted(families, 'herald_rate_limited_total'),
      keys: figures(families, 'herald_api_keys_refused_total')[''],
      open: counted(families, 'herald_subscriptions_open'),
      sockets: figures(families, 'herald_websockets_open')[''],
    }
  }
  expect(await counts()).toEqual({ operations: {}, limited: {}, keys: 0, open: {}, sockets: 0 })

  const socket = await openSocket(herald.url, { key: herald.key })
  for (const query of ['{', '{ nothing }', 'mutation { nothing }', `{ ${'a: __typename '.repeat(60)} }`]) {
    expect((await raw(herald, query)).errors).toHaveLength(1)
    expect((await socket.run(query, query)).errors).toHaveLength(1)
  }
  expect((await socket.run('ok', '{ app { id } }')).data.app).toBeDefined()
  // Told as a member of the result: an answer.
  await run(herald, api.WebhookCreateDocument, { input: { url: 'nonsense' } })
  await sql(env, 'ALTER TABLE "Agent" RENAME TO "Away"')
  expect((await raw(herald, '{ agents { nodes { id } } }')).errors[0].extensions.code).toBe('INTERNAL_SERVER_ERROR')
  await sql(env, 'ALTER TABLE "Away" RENAME TO "Agent"')
  expect((await counts()).operations).toEqual({
    'unknown invalid': 4,
    'query invalid': 2,
    'mutation invalid': 2,
    'query ok': 1,
    'mutation ok': 1,
    'query failed': 1,
  })

  const EVENTS = 'subscription { events { id } }'
  const streams = [watch(herald, 'sse', EVENTS), watch(herald, 'ws', EVENTS), watch(herald, 'ws', EVENTS)]
  await eventually(
    async () => (await counts()).open.websocket === 2 && (await counts()).open.sse === 1,
    'three streams',
  )
  expect((await counts()).sockets).toBe(3)
  await createContext(herald)
  await eventually(() => streams.every(({ items }) => items.length === 1), 'the event, on all three')
  await eventually(async () => (await figure(herald, 'herald_subscription_answers_total')) === 3, 'three answers')
  const fourth = watch(herald, 'sse', EVENTS)
  await fourth.ended
  expect((await counts()).limited).toEqual({ subscriptions: 1 })
  for (const stream of streams) stream.close()
  socket.socket.close()
  await eventually(async () => (await counts()).sockets === 0, 'closed sockets')
  await eventually(async () => Object.keys((await counts()).open).length === 0, 'ended streams')

  await Promise.all(Array.from({ length: 5 }, (_, i) => raw({ ...herald, key: `guess-${i}` }, '{ app { id } }')))
  await raw({ ...herald, key: 'one more' }, '{ app { id } }')
  expect(await counts()).toMatchObject({ keys: 5, limited: { subscriptions: 1, failed_keys: 1 } })
  await eventually(async () => {
    await raw(herald, '{ agents(first: 100) { nodes { id } } }')
    return (await counts()).limited.cost
  }, 'the limit of cost')
  expect((await counts()).operations['query rate_limited']).toBe((await counts()).limited.cost)
  const families = await read(herald)
  expect(figures(families, 'herald_http_responses_total')['/graphql 401']).toBe(5)
  await redis.stop()
  await eventually(async () => (await figure(herald, 'herald_redis_up')) === 0, 'that Redis is away')
})

it(
  'answers with what the process knows while the database is away or hangs, and with nothing old',
  async () => {
    const postgres = await startPostgres()
    const redis = await startRedis()
    const env: Record<string, string> = {
      ...(await environment('production', { databaseUrl: postgres.url, redisUrl: redis.url })),
      LOG_LEVEL: 'fatal',
    }
    const herald = await start({ ...env, ROLES: 'api' })
    await createContext(herald)
    const up = (value: number) => async () => {
      const families = await read(herald)
      expect(figures(families, 'herald_events_committed_total')['context.created']).toBe(1)
      expect(families.has('herald_database_connections')).toBe(true)
      const shared = ['herald_deliveries_pending', 'herald_deliveries_oldest_due_seconds']
      const here = figures(families, 'herald_database_up')[''] === value
      if (here) expect(shared.map((name) => Object.keys(figures(families, name)).length)).toEqual([value, value])
      return here
    }
    await eventually(up(1), 'the database')
    const blocker = new pg.Client({ connectionString: env.DATABASE_URL })
    await blocker.connect()
    await blocker.query('BEGIN')
    await blocker.query('LOCK TABLE "OutboxEntry" IN ACCESS EXCLUSIVE MODE')
    await eventually(up(0), 'that the database hangs')
    await blocker.query('ROLLBACK')
    await blocker.end()
    await eventually(up(1), 'the database again')
    await postgres.crash()
    await eventually(up(0), 'that the database is away')
    await postgres.start()
    await eventually(up(1), 'the database once more')
    await Promise.all(processes.splice(0).map((process) => process.kill('SIGTERM')))
    await postgres.stop()
    await redis.stop()
  },
  SLOW_MS,
)

it("has what README's table names, and nothing else", async () => {
  const families = await read(await start(await settingEnv('production')))
  const readme = readFileSync('README.md', 'utf8')
  const table = readme.slice(readme.indexOf('### Metrics'), readme.indexOf('And Node'))
  const named = [...table.matchAll(/`(herald_\w+)`/g)].map(([, name]) => name)
  expect(named.sort()).toEqual([...families.keys()].filter((name) => name.startsWith('herald_')).sort())
})

it('is for those alone who have the token, where there is one', async () => {
  const token = 'a-token-of-the-monitoring'
  const herald = await start({ ...(await settingEnv('production')), ROLES: 'dispatcher', METRICS_TOKEN: token })
  for (const authorization of ['', token, `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Bearer ${herald.key}`]) {
    const response = await scrape(herald, { authorization })
    expect([authorization, response.status, await response.text()]).toEqual([authorization, 401, ''])
  }
  expect((await scrape(herald, { authorization: `Bearer ${token}` })).status).toBe(200)
})
