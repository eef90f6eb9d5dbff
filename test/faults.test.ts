import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, type Herald, settingEnv, sql, startHerald } from './support/herald.ts'
import { environment } from './support/process.ts'
import { startReceiver } from './support/receiver.ts'
import { startRedis } from './support/redis.ts'
import { startPostgres } from './support/servers.ts'

let env: Record<string, string>
let receiver: Awaited<ReturnType<typeof startReceiver>>
let processes: Herald[]
beforeEach(async () => {
  env = { ...(await settingEnv('production')), LOG_LEVEL: 'fatal' }
  receiver = await startReceiver()
  processes = []
})
afterEach(async () => {
  const codes = await Promise.all(processes.map((herald) => herald.kill('SIGTERM')))
  await receiver.close()
  // Those that were killed on the way had no say.
  expect(codes.filter((code) => code !== null)).toEqual(codes.flatMap((code) => (code === null ? [] : [0])))
})

async function start(more: Record<string, string> = {}): Promise<Herald> {
  const herald = await startHerald({ ...env, ...more })
  processes.push(herald)
  return herald
}
const createWebhook = (herald: Herald) =>
  run(herald, api.WebhookCreateDocument, { input: { url: receiver.url, entities: ['CONTEXT_FILE'] } })
async function createContext(herald: Herald): Promise<string> {
  const { contextCreate } = await run(herald, api.ContextCreateDocument, { input: { name: 'c' } })
  if (contextCreate.__typename !== 'ContextCreateSuccess') throw new Error(contextCreate.message)
  return contextCreate.context.id
}
const fileIn = (contextId: string) => ({ contextId, name: 'f', mimeType: 'text/plain', documentContent: 'x' })
const createFiles = (herald: Herald, contextId: string, count: number) =>
  run(herald, api.ContextFilesCreateDocument, { inputs: Array(count).fill(fileIn(contextId)) })

const ids = () => receiver.received.map(({ headers }) => headers['webhook-id'] as string)
const owedIds = async () =>
  (await sql(env, `SELECT id FROM "Event" WHERE type = 'CONTEXT_FILE_CREATED' ORDER BY sequence`)).map(({ id }) => id)
const pending = async () => (await sql(env, `SELECT 1 FROM "Delivery" WHERE status = 'PENDING'`)).length
/** What a dead process held is taken over when its lease runs out: that time is made to have passed. */
const expireLeases = () => sql(env, 'UPDATE "OutboxEntry" SET "leasedUntil" = now() WHERE "leaseId" IS NOT NULL')

/** Every committed event arrived; those that came twice are the same event, and at most so many. */
async function expectAllArrived(maxDuplicates: number): Promise<void> {
  await eventually(async () => (await pending()) === 0, 'nothing pending')
  const owed = await owedIds()
  expect(new Set(ids())).toEqual(new Set(owed))
  expect(ids().length - owed.length).toBeLessThanOrEqual(maxDuplicates)
  const texts = new Map(receiver.received.map(({ headers, text }) => [headers['webhook-id'], text]))
  expect(receiver.received.every(({ headers, text }) => texts.get(headers['webhook-id']) === text)).toBe(true)
}

it('delivers all when the dispatcher is killed at 500 of 1,000', async () => {
  const herald = await start({ ROLES: 'api' })
  await createWebhook(herald)
  const contextId = await createContext(herald)
  const killed = await startHerald({ ...env, ROLES: 'dispatcher' })
  let kill: Promise<unknown> | undefined
  receiver.state.answer = (response) => {
    if (receiver.received.length >= 500) kill ??= killed.kill('SIGKILL')
    response.end()
  }
  await createFiles(herald, contextId, 500)
  await createFiles(herald, contextId, 500)
  await eventually(() => kill !== undefined, 'the kill')
  await kill
  expect(await pending()).toBeGreaterThan(0)
  await start({ ROLES: 'dispatcher' })
  await expireLeases()
  // What was under way, and what had ended and was not written down.
  await expectAllArrived(16 + 256)
  expect((await owedIds()).length).toBe(1000)
})

it('delivers what was committed when the API is killed in the midst of changes', async () => {
  // Nothing is ever heard of a commit: there is no Redis.
  const silent = { REDIS_URL: 'redis://127.0.0.1:1' }
  await start({ ...silent, ROLES: 'dispatcher' })
  const killed = await startHerald({ ...env, ...silent, ROLES: 'api' })
  await createWebhook(killed)
  const contextId = await createContext(killed)
  const answered: string[] = []
  const clients = Array.from({ length: 8 }, async () => {
    for (;;) {
      const { contextFileCreate } = await run(killed, api.ContextFileCreateDocument, { input: fileIn(contextId) })
      if (contextFileCreate.__typename === 'ContextFileCreateSuccess') answered.push(contextFileCreate.contextFile.id)
      if (answered.length === 100) void killed.kill('SIGKILL')
    }
  })
  await Promise.allSettled(clients)
  await expectAllArrived(0)
  const arrived = new Set(receiver.received.map(({ body }) => body.data.id))
  expect(answered.length).toBeGreaterThanOrEqual(100)
  expect(answered.filter((id) => !arrived.has(id))).toEqual([])
})

it('delivers 200 changes that are made while Redis is away', async () => {
  const redis = await startRedis()
  const shared = { REDIS_URL: redis.url }
  const herald = await start({ ...shared, ROLES: 'api' })
  await start({ ...shared, ROLES: 'dispatcher' })
  await createWebhook(herald)
  const contextId = await createContext(herald)
  await redis.stop()
  for (let i = 0; i < 20; i++) await createFiles(herald, contextId, 10)
  await expectAllArrived(0)
  expect((await owedIds()).length).toBe(200)
  await redis.start()
  await createFiles(herald, contextId, 1)
  await expectAllArrived(0)
  await redis.stop()
})

it('recovers by itself when Postgres crashes under load', async () => {
  const postgres = await startPostgres()
  env = {
    ...env,
    ...(await environment('production', { databaseUrl: postgres.url, redisUrl: env.REDIS_URL as string })),
  }
  const herald = await start({ ROLES: 'api' })
  await start({ ROLES: 'dispatcher' })
  await createWebhook(herald)
  const contextId = await createContext(herald)
  let [answered, stopping] = [0, false]
  const clients = Array.from({ length: 4 }, async () => {
    while (!stopping) {
      const answer = await run(herald, api.ContextFileCreateDocument, { input: fileIn(contextId) }).catch(() => null)
      if (answer?.contextFileCreate.__typename === 'ContextFileCreateSuccess') answered++
    }
  })
  await eventually(() => answered > 50, 'load')
  await postgres.crash()
  expect((await fetch(herald.url.replace('/graphql', '/ready'))).status).toBe(503)
  expect((await fetch(herald.url.replace('/graphql', '/health'))).status).toBe(200)
  await postgres.start()
  const before = answered
  await eventually(() => answered > before + 50, 'load after the crash')
  stopping = true
  await Promise.all(clients)
  await expireLeases()
  await expectAllArrived(16 + 256)
  expect((await owedIds()).length).toBeGreaterThanOrEqual(answered)
  await Promise.all(processes.splice(0).map((process) => process.kill('SIGTERM')))
  await postgres.stop()
})

describe('a dispatcher that is told to stop', () => {
  it('lets 20 attempts under way end, writes them down, and begins no other', async () => {
    const herald = await start({ ROLES: 'api' })
    const dispatcher = await startHerald({ ...env, ROLES: 'dispatcher', CALLBACK_CONCURRENCY: '20' })
    const open: (() => void)[] = []
    receiver.state.answer = (response) => open.push(() => response.end())
    await createWebhook(herald)
    await createFiles(herald, await createContext(herald), 40)
    await eventually(() => open.length === 20, '20 attempts under way')
    const ended = dispatcher.kill('SIGTERM')
    // It gives back what it has not begun while the 20 are still open.
    await eventually(
      async () => (await sql(env, `SELECT 1 FROM "OutboxEntry" WHERE "leaseId" IS NOT NULL`)).length === 20,
      'given back',
    )
    for (const end of open) end()
    expect(await ended).toBe(0)
    expect(receiver.received).toHaveLength(20)
    expect(await sql(env, `SELECT status, "attemptCount" n FROM "Delivery" WHERE status <> 'PENDING'`)).toEqual(
      Array(20).fill({ status: 'SUCCEEDED', n: 1 }),
    )
    expect(await pending()).toBe(20)
  })
})

describe('leases', () => {
  it('share the work among dispatchers without duplicates', async () => {
    const herald = await start({ ROLES: 'api' })
    await Promise.all([start({ ROLES: 'dispatcher' }), start({ ROLES: 'dispatcher' }), start({ ROLES: 'dispatcher' })])
    await createWebhook(herald)
    const contextId = await createContext(herald)
    for (let i = 0; i < 4; i++) await createFiles(herald, contextId, 250)
    await expectAllArrived(0)
    expect(ids()).toHaveLength(1000)
  })

  it('fence: who lost one changes nothing any more', async () => {
    const herald = await start({ ROLES: 'api' })
    const late = await startHerald({ ...env, LOG_LEVEL: 'warn', ROLES: 'dispatcher' })
    const open: (() => void)[] = []
    receiver.state.answer = (response) => open.push(() => response.writeHead(500).end())
    await createWebhook(herald)
    await createFiles(herald, await createContext(herald), 1)
    await eventually(() => open.length === 1, 'the attempt under way')
    receiver.state.answer = (response) => response.end()
    await start({ ROLES: 'dispatcher' })
    await expireLeases()
    await eventually(async () => (await pending()) === 0, 'another has taken over')
    for (const end of open) end()
    await eventually(() => late.output().includes('ended after its lease was lost'), 'the late one')
    expect(await sql(env, 'SELECT status, "attemptCount" n FROM "Delivery"')).toEqual([{ status: 'SUCCEEDED', n: 1 }])
    expect(await sql(env, 'SELECT number, outcome FROM "DeliveryAttempt"')).toEqual([
      { number: 1, outcome: 'DELIVERED' },
    ])
    expect(receiver.received.map(({ headers }) => headers['herald-attempt'])).toEqual(['1', '1'])
    expect(await late.kill('SIGTERM')).toBe(0)
  })

  it('are renewed for as long as an attempt runs, and end with a deactivation what was not begun', async () => {
    const herald = await start({ ROLES: 'api' })
    await start({ ROLES: 'dispatcher', CALLBACK_CONCURRENCY: '1', CALLBACK_TIMEOUT_MS: '60000' })
    const open: (() => void)[] = []
    receiver.state.answer = (response) => open.push(() => response.end())
    await createWebhook(herald)
    await createFiles(herald, await createContext(herald), 3)
    await eventually(() => open.length === 1, 'the attempt under way')
    const until = async () => (await sql(env, `SELECT max("leasedUntil") AS at FROM "OutboxEntry"`))[0].at
    const first: Date = await until()
    await eventually(async () => (await until()) > first, 'the renewal', 40_000)
    const [webhook] = (await run(herald, api.WebhooksDocument)).webhooks.nodes
    await run(herald, api.WebhookUpdateDocument, { id: webhook?.id as string, input: { active: false } })
    for (const end of open) end()
    await eventually(
      async () => (await sql(env, `SELECT 1 FROM "Delivery" WHERE status = 'SUCCEEDED'`)).length === 1,
      'its end',
    )
    expect(await sql(env, `SELECT status::text, count(*)::int n FROM "Delivery" GROUP BY 1 ORDER BY 1`)).toEqual([
      { status: 'CANCELED', n: 2 },
      { status: 'SUCCEEDED', n: 1 },
    ])
    expect(receiver.received).toHaveLength(1)
  })
})
