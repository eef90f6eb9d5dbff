import { mkdtempSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, inject, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, herald, raw, settingEnv, sql, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'

it('starts with nothing given, prints an ADMIN key once, and keeps what it was told', async () => {
  const env = { DATA_DIR: mkdtempSync(join(tmpdir(), 'herald-data-')) }
  const first = await startHerald(env)
  expect(first.key).toMatch(/^hk_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/)
  const { webhookCreate } = await run(first, api.WebhookCreateDocument, { input: { url: 'http://127.0.0.1:9009/' } })
  if (webhookCreate.__typename !== 'WebhookCreateSuccess') throw new Error(webhookCreate.message)
  expect(await first.kill('SIGINT')).toBe(0)

  const second = await startHerald(env)
  expect(second.output()).not.toContain('hk_')
  const again = { url: second.url, key: first.key }
  const { id } = webhookCreate.webhook
  expect((await run(again, api.WebhookRevealSecretDocument, { id })).webhookRevealSecret).toMatchObject({
    secret: webhookCreate.secret,
  })
  expect(await second.kill('SIGTERM')).toBe(0)
})

it('refuses a second process on one data folder, and takes over from one that was killed', async () => {
  const env = { DATA_DIR: mkdtempSync(join(tmpdir(), 'herald-data-')), BOOTSTRAP_API_KEY: 'k'.repeat(32) }
  const first = await startHerald(env)
  await expect(startHerald(env)).rejects.toThrow(/ended with 1: herald: DATA_DIR \S+ is in use by another process/)
  const { contextCreate } = await run(first, api.ContextCreateDocument, { input: { name: 'kept' } })
  expect(contextCreate.__typename).toBe('ContextCreateSuccess')
  await first.kill('SIGKILL')
  const next = await startHerald(env)
  expect((await run(next, api.EventsDocument)).events.nodes.map(({ name }) => name)).toEqual(['context.created'])
  expect(await next.kill('SIGTERM')).toBe(0)
})

it('migrates an empty database once, and makes one app, however many processes start at once', async () => {
  const env = await settingEnv('production')
  const processes = await Promise.all([1, 2, 3, 4].map(() => startHerald(env)))
  expect(await sql(env, 'SELECT count(*)::int AS n FROM "App"')).toEqual([{ n: 1 }])
  expect(await sql(env, 'SELECT count(*)::int AS n FROM "ApiKey"')).toEqual([{ n: 1 }])
  const [{ n, distinct }] = await sql(
    env,
    'SELECT count(*)::int AS n, count(DISTINCT migration_name)::int AS distinct FROM "_prisma_migrations"',
  )
  expect(n).toBe(distinct)
  for (const process of processes) {
    expect((await fetch(process.url.replace('/graphql', '/ready'))).status).toBe(200)
    expect((await raw(process, '{ app { id } }')).data.app.id).toMatch(/^app_/)
  }
  expect(await Promise.all(processes.map((process) => process.kill('SIGTERM')))).toEqual([0, 0, 0, 0])
})

it.each([
  [{ PORT: 'http' }, 'PORT must be a whole number'],
  [{ PORT: '70000' }, 'PORT must be at most 65535'],
  [{ ROLES: 'api,worker' }, 'ROLES knows api and dispatcher'],
  [{ RETRY_SCHEDULE_S: '0,x' }, 'RETRY_SCHEDULE_S must be whole seconds between commas'],
  [{ CALLBACK_ALLOW_CIDRS: '10.0.0.0' }, 'CALLBACK_ALLOW_CIDRS holds "10.0.0.0", which is no CIDR range'],
  [{ SECRETS_KEY: 'short' }, 'SECRETS_KEY must be base64 of 32 bytes'],
  [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must be a URL that begins with postgres://'],
  [{ DATABASE_URL: 'postgres://127.0.0.1:1/x' }, 'SECRETS_KEY must be set when DATABASE_URL is'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
])('stops at %j with one clear line', async (bad, line) => {
  const { code, out, err } = await herald({ DATA_DIR: mkdtempSync(join(tmpdir(), 'herald-data-')), ...bad }, 'serve')
  expect(code).toBe(1)
  expect(err.split('\n')).toHaveLength(1)
  expect(err).toContain(`herald: ${line}`)
  expect(out).toBe('')
})

it('says in one line that Postgres cannot be reached, and nothing of the password', async () => {
  const secrets = { SECRETS_KEY: Buffer.alloc(32).toString('base64') }
  const nobody = await herald({ ...secrets, DATABASE_URL: 'postgres://me:hush@127.0.0.1:1/x' }, 'serve')
  expect(nobody).toEqual({
    code: 1,
    out: '',
    err: 'herald: DATABASE_URL cannot be used: connect ECONNREFUSED 127.0.0.1:1',
  })
  const missing = new URL(inject('databaseUrl'))
  missing.pathname = '/no_such_database'
  const { code, err } = await herald({ ...secrets, DATABASE_URL: missing.href }, 'serve')
  expect([code, err]).toEqual([1, 'herald: DATABASE_URL cannot be used: database "no_such_database" does not exist'])
})

it('says in one line that the port is taken', async () => {
  const taken = net.createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as net.AddressInfo
  const { code, err } = await herald(
    { DATA_DIR: mkdtempSync(join(tmpdir(), 'herald-data-')), PORT: String(port) },
    'serve',
  )
  expect(code).toBe(1)
  expect(err).toBe(`herald: HOST and PORT cannot be used: listen EADDRINUSE: address already in use 127.0.0.1:${port}`)
  taken.close()
})

it('takes no harm from garbage on its channels', async () => {
  const env = { ...(await settingEnv('production')), LOG_LEVEL: 'fatal' }
  const process = await startHerald(env)
  const receiver = await startReceiver()
  await run(process, api.WebhookCreateDocument, { input: { url: receiver.url } })
  const redis = new Redis(inject('redisUrl'))
  const [{ id }] = await sql(env, 'SELECT id FROM "App"')
  const garbage = [
    '',
    '{',
    'null',
    '[]',
    '{"lastSequence":1e99,"events":[{}]}',
    'true',
    '"wh_"',
    '\0\xff',
    '{"__proto__":1}',
  ]
  for (const channel of [`events:${id}`, `deliveries:${id}`, 'due', 'replay', 'webhooks']) {
    for (const text of garbage) await redis.publish(`herald:${channel}`, text)
  }
  await run(process, api.ContextCreateDocument, { input: { name: 'c' } })
  await eventually(() => receiver.received.length === 1, 'the callback')
  expect((await raw(process, '{ app { id } }')).data.app.id).toBe(id)
  redis.disconnect()
  await receiver.close()
  expect(await process.kill('SIGTERM')).toBe(0)
})

it('answers /health always and /ready only with its database, and nothing elsewhere', async () => {
  const process = await startHerald({ ...(await settingEnv('production')), ROLES: 'dispatcher' })
  const base = process.url.replace('/graphql', '')
  const statusOf = async (path: string) => (await fetch(base + path)).status
  expect(await Promise.all(['/health', '/ready', '/graphql', '/nothing'].map(statusOf))).toEqual([200, 200, 404, 404])
  expect(await process.kill('SIGTERM')).toBe(0)
})
