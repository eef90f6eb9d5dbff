import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, gql, type Herald, settingEnv, startHerald } from './support/herald.ts'
import { follow, transports, watch } from './support/live.ts'
import { startRedis } from './support/redis.ts'

// Two processes over one Postgres and one Redis; subscribers that go to either. What happens next is drawn at random.
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), count: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drop' as const), who: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('redis' as const),
      what: fc.constantFrom('stop' as const, 'start' as const, 'hang' as const, 'goOn' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'kill' as const), which: fc.nat(1) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const FILES = `mutation ($inputs: [ContextFileCreateInput!]!) { contextFilesCreate(inputs: $inputs) { __typename } }`

let redis: Awaited<ReturnType<typeof startRedis>>
let env: Record<string, string>
let sql: pg.Client
const processes: Herald[] = []
const followers: ReturnType<typeof follow>[] = []

beforeAll(async () => {
  redis = await startRedis()
  env = { ...(await settingEnv('production')), ROLES: 'api', REDIS_URL: redis.url }
  for (let i = 0; i < 2; i++) processes.push(await startHerald(env))
  sql = new pg.Client({ connectionString: env.DATABASE_URL })
  await sql.connect()
})
afterAll(async () => {
  for (const follower of followers) await follower.stop()
  redis.goOn()
  await Promise.all(processes.map((one) => one.kill('SIGTERM')))
  await redis.stop()
  await sql.end()
})

const last = async (): Promise<number> => (await sql.query('SELECT "lastSequence" FROM "App"')).rows[0].lastSequence

it('gives every subscriber exactly the log, whatever breaks off and starts again', async () => {
  const { contextCreate } = await gql(
    processes[0] as Herald,
    'mutation { contextCreate(input: {name: "c"}) { ... on ContextCreateSuccess { context { id } } } }',
  )
  const file = { contextId: contextCreate.context.id, name: 'f', mimeType: 'text/plain', documentContent: 'x' }
  let next = 0
  const anyProcess = () => processes[next++ % 2] as Herald
  const begin = Buffer.from('sequence:0').toString('base64url')
  for (const transport of [...transports, ...transports]) followers.push(follow(transport, anyProcess, begin))

  /** One more writer does not wait for the one before; all are through when the steps are. */
  const perform = async (one: Step, writing: Promise<unknown>[]): Promise<void> => {
    if (one.do === 'write') {
      const inputs = Array.from({ length: one.count }, () => file)
      // Of a process that is just killed nobody knows what was committed; the log does.
      writing.push(gql(anyProcess(), FILES, { inputs }).catch(() => {}))
    } else if (one.do === 'drop') followers[one.who]?.drop()
    else if (one.do === 'redis') await redis[one.what]()
    else {
      await processes[one.which]?.kill(one.do === 'kill' ? 'SIGKILL' : 'SIGTERM')
      processes[one.which] = await startHerald(env)
    }
  }

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 16 }), async (steps) => {
      const writing: Promise<unknown>[] = []
      for (const one of steps) await perform(one, writing)
      await Promise.all(writing)
      const end = await last()
      await eventually(() => followers.every(({ log }) => log.length >= end), `all ${end} events`)
      const whole = Array.from({ length: end }, (_, index) => index + 1)
      for (const { log } of followers) expect(log).toEqual(whole)
    }),
    { numRuns: 5 },
  )
  expect(await last()).toBeGreaterThan(50)
}, 300_000)

it('opens streams while Redis is away or hangs, and serves them', async () => {
  const create = () => gql(processes[0] as Herald, 'mutation { contextCreate(input: {name: "c"}) { __typename } }')
  await redis.start()
  redis.goOn()
  for (const trouble of ['hang', 'stop'] as const) {
    await redis[trouble]()
    const streams = transports.map((transport) =>
      watch(processes[1] as Herald, transport, 'subscription { events { sequence } }'),
    )
    await eventually(async () => {
      await create()
      return streams.every(({ items }) => items.length > 2)
    }, `events while redis is told to ${trouble}`)
    redis.goOn()
    await redis.start()
    const end = await last()
    await create()
    await eventually(() => streams.every(({ items }) => items.at(-1)?.sequence > end), 'events when it is back')
    for (const { items, errors, close } of streams) {
      expect(items.map(({ sequence }) => sequence)).toEqual(items.map((_, index) => items[0].sequence + index))
      expect(errors).toEqual([])
      close()
    }
  }
})
