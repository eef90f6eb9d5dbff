import { spawn } from 'node:child_process'
import net from 'node:net'
import { Redis } from 'ioredis'
import { afterEach, expect, it, vi } from 'vitest'
import { createLocalRateLimiter } from '../src/access/rate-limiter.ts'
import { createRedisRateLimiter } from '../src/access/redis-rate-limiter.ts'
import { createLogger } from '../src/log.ts'
import { eventually, type Herald, settingEnv, startHerald } from './support/herald.ts'
import { startRedis } from './support/redis.ts'
import { openSocket } from './support/ws.ts'

const running: Herald[] = []
const start = async (env: Record<string, string>) => {
  const herald = await startHerald({ ...env, ROLES: 'api' })
  running.push(herald)
  return herald
}
afterEach(async () => {
  vi.useRealTimers()
  for (const herald of running.splice(0)) expect(await herald.kill('SIGTERM')).toBe(0)
})

const ask = async (herald: Herald, query: string, key = herald.key) => {
  const response = await fetch(herald.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({ query }),
  })
  const { headers, status } = response
  return { status, headers, body: (await response.json()) as any }
}
const MUTATION = 'mutation { contextCreate(input: {name: "c"}) { __typename } }'

it('charges a key by cost, in all processes together, and says what is left', async () => {
  const env = { ...(await settingEnv('production')), RATE_LIMIT_PER_MIN: '100' }
  const [one, two] = [await start(env), await start(env)]
  const first = await ask(one, '{ agents(first: 55) { nodes { id } } }')
  expect(first.status).toBe(200)
  expect(first.headers.get('ratelimit-policy')).toBe('"key";q=100;w=60')
  expect(first.headers.get('ratelimit')).toMatch(/^"key";r=44;t=\d\d?$/)
  // 32 at once of 11 each, at both: as many as fit, whoever is first.
  const answers = await Promise.all(Array.from({ length: 32 }, (_, i) => ask(i % 2 ? one : two, MUTATION)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(4)
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused).toHaveLength(28)
  for (const { headers, body } of refused) {
    const retryAfter = Number(headers.get('retry-after'))
    expect(retryAfter).toBeGreaterThan(0)
    expect(retryAfter).toBeLessThanOrEqual(60)
    expect(headers.get('ratelimit')).toBe(`"key";r=0;t=${retryAfter}`)
    expect(body.errors[0].message).toBe(`This key may spend 100 in a minute; try again in ${retryAfter} s`)
    expect(body.errors[0].extensions).toEqual({ code: 'RATE_LIMITED', retryAfterS: retryAfter })
  }
  const socket = await openSocket(two.url, { key: two.key })
  const { errors } = await socket.run('1', '{ app { id } }')
  expect(errors[0].extensions).toEqual({ code: 'RATE_LIMITED', retryAfterS: expect.any(Number) })
  const live = await socket.run('2', 'subscription { events { id } }')
  expect(live.errors[0].extensions.code).toBe('RATE_LIMITED')
  socket.socket.close()
})

it('limits failed keys by their address, and lets those go on who have a key that was valid', async () => {
  // Addresses are counted for all that share a Redis, and all tests have the same address.
  const redis = await startRedis()
  const herald = await start({
    ...(await settingEnv('production')),
    REDIS_URL: redis.url,
    RATE_LIMIT_FAILED_KEYS: '20',
    TRUST_PROXY: '127.0.0.0/8',
  })
  expect((await ask(herald, '{ app { id } }')).status).toBe(200)
  const guesses = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(herald, '{ app { id } }', `guess-${i}`)))
  expect(guesses.filter(({ status }) => status === 401).length).toBeGreaterThanOrEqual(20)
  const next = await ask(herald, '{ app { id } }', 'one-more')
  expect(next.status).toBe(429)
  expect(Number(next.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(next.body.errors[0].extensions.code).toBe('RATE_LIMITED')
  expect((await ask(herald, '{ app { id } }')).status).toBe(200)
  const socket = await openSocket(herald.url)
  socket.send({ type: 'connection_init', payload: { 'x-api-key': 'one-more' } })
  expect((await socket.closed).code).toBe(4403)
  // Another address is nobody's neighbour.
  const elsewhere = await fetch(herald.url, {
    headers: { 'x-api-key': 'x'.repeat(20), 'x-forwarded-for': '198.51.100.7' },
  })
  expect(elsewhere.status).toBe(401)
  await redis.stop()
})

it('limits nobody where it is switched off', async () => {
  const herald = await start({
    ...(await settingEnv('production')),
    RATE_LIMIT_PER_MIN: '0',
    RATE_LIMIT_SUBSCRIPTIONS: '0',
    RATE_LIMIT_FAILED_KEYS: '0',
  })
  const { status, headers } = await ask(herald, MUTATION)
  expect([status, headers.get('ratelimit'), headers.get('ratelimit-policy')]).toEqual([200, null, null])
})

it('forgets a window when it is over, and gives slots back once', async () => {
  let now = 0
  const limiter = createLocalRateLimiter(() => now)
  const spend = async (cost: number) => {
    const { allowed, remaining, resetS } = await limiter.spend('a', cost, 10)
    return [allowed, remaining, resetS]
  }
  expect(await spend(7)).toEqual([true, 3, 60])
  now = 20_500
  expect(await spend(4)).toEqual([false, 3, 40])
  expect(await spend(3)).toEqual([true, 0, 40])
  expect((await limiter.spend('b', 10, 10)).allowed).toBe(true)
  now = 60_000
  expect(await spend(11)).toEqual([false, 10, 60])
  expect(await spend(10)).toEqual([true, 0, 60])
  const [one, two] = [await limiter.hold('a', 2), await limiter.hold('a', 2)]
  expect(await limiter.hold('a', 2)).toBeNull()
  one?.()
  one?.()
  expect(await limiter.hold('a', 2)).not.toBeNull()
  expect(await limiter.hold('a', 2)).toBeNull()
  two?.()
})

it('does not take a slot again that is given back while slots are being renewed', async () => {
  const redis = await startRedis()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await using limiter = createRedisRateLimiter(redis.url, createLogger('silent'))
  const release = await limiter.hold('k', 10)
  const kept = await limiter.hold('k', 10)
  const looker = new Redis(redis.url)
  const slots = () => looker.zrange('herald:rate:slots:k', '0', '-1', 'WITHSCORES')
  const before = await eventually(async () => (await slots()).length === 4 && slots(), 'two slots in Redis')
  // The renewal is on its way when the slot is given back.
  vi.advanceTimersByTime(20_000)
  release?.()
  // Each of these waits for an answer of Redis, which comes behind those to all that was asked before.
  for (let i = 0; i < 5; i++) await limiter.spend('k', 1, 100)
  const after = await slots()
  expect(after).toHaveLength(2)
  // The other one was renewed.
  expect(before).toContain(after[0])
  expect(before).not.toContain(after[1])
  kept?.()
  await eventually(async () => (await slots()).length === 0, 'no slots')
  looker.disconnect()
  await redis.stop()
})

it('has slots counted again by a Redis that has forgotten them', async () => {
  const redis = await startRedis()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await using limiter = createRedisRateLimiter(redis.url, createLogger('silent'))
  await limiter.hold('k', 10)
  const looker = new Redis(redis.url)
  const count = () => looker.zcard('herald:rate:slots:k')
  await eventually(async () => (await count()) === 1, 'the slot')
  await looker.flushall()
  vi.advanceTimersByTime(20_000)
  await eventually(async () => (await count()) === 1, 'the slot again')
  looker.disconnect()
  await redis.stop()
})

it('counts slots and spending in Redis, by itself while Redis is away, and in Redis again when it is back', async () => {
  const port = await new Promise<number>((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo
      probe.close(() => resolve(port))
    })
  })
  const redis = () =>
    spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
  let server = redis()
  const log = createLogger('silent')
  const [one, two] = [1, 2].map(() => createRedisRateLimiter(`redis://127.0.0.1:${port}`, log))
  if (!one || !two) throw new Error('no limiters')
  const spent = async (limiter: typeof one) => 1000 - (await limiter.spend('k', 1, 1000)).remaining
  /** Both count the same when what one spends the other sees. */
  const together = async () => {
    const before = await spent(one)
    return (await spent(two)) === before + 1
  }
  await eventually(together, 'counting in Redis')
  const first = await one.hold('k', 2)
  const second = await two.hold('k', 2)
  expect([first, second].map((slot) => slot !== null)).toEqual([true, true])
  expect(await one.hold('k', 2)).toBeNull()
  second?.()
  await eventually(() => one.hold('k', 2), 'the slot that was given back')

  const gone = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGKILL')
  await gone
  await eventually(async () => !(await together()), 'each by itself')
  expect((await one.spend('k', 1001, 1000)).allowed).toBe(false)
  expect(await two.hold('k', 1)).not.toBeNull()
  expect(await two.hold('k', 1)).toBeNull()
  server = redis()
  await eventually(together, 'counting in Redis again')
  await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()])
  server.kill('SIGKILL')
})
