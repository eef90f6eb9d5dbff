// How changes of one app are committed: together, one group behind the other, by any number of processes.
import { print } from 'graphql'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { eventually, gql, type Herald, raw, settingEnv, sql, startHerald } from './support/herald.ts'
import { watch } from './support/live.ts'

let env: Record<string, string>
let heralds: Herald[]
/** A session of the test's own on the database. */
let session: pg.Client
beforeEach(async () => {
  env = await settingEnv('production')
  heralds = []
})
afterEach(async () => {
  for (const herald of heralds) expect(await herald.kill('SIGTERM')).toBe(0)
})

async function start(): Promise<Herald> {
  const herald = await startHerald({ ...env, ROLES: 'api', LOG_LEVEL: 'fatal' })
  heralds.push(herald)
  return herald
}

/** The new agent's id, or 'failed' where the answer is an error that tells nothing. */
async function createAgent(herald: Herald, agentName: string): Promise<string> {
  const input = { agentName, agentPurpose: 'p', formatting: 'f' }
  const { data, errors } = await raw(herald, print(api.AgentCreateDocument), { input })
  if (errors) expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
  return errors ? 'failed' : data.agentCreate.agent.id
}

const createAgents = (herald: Herald, count: number) =>
  Array.from({ length: count }, (_, index) => createAgent(herald, `a${index}`))

/** The agents that the log tells of, in its order; its numbers have no gap. */
async function logged(): Promise<string[]> {
  const events = await sql(env, 'SELECT sequence, "entityId" FROM "Event" ORDER BY sequence')
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
  const agents = await sql(env, 'SELECT id FROM "Agent"')
  expect(agents.map(({ id }) => id).sort()).toEqual(events.map(({ entityId }) => entityId).sort())
  return events.map(({ entityId }) => entityId)
}

it('numbers 300 changes that come by two processes at once without a gap, and answers each once', async () => {
  const [one, other] = [await start(), await start()]
  const beginning = Buffer.from('sequence:0').toString('base64url')
  const streams = heralds.map((herald) =>
    watch(herald, 'ws', 'subscription ($after: String) { events(after: $after) { sequence data } }', {
      after: beginning,
    }),
  )
  const made = await Promise.all([...createAgents(one, 150), ...createAgents(other, 150)])
  expect(new Set(made).size).toBe(300)
  const log = await logged()
  expect([...log].sort()).toEqual([...made].sort())
  for (const stream of streams) {
    await eventually(() => stream.items.length >= 300, 'the whole log')
    expect(stream.items.map(({ sequence }) => sequence)).toEqual(log.map((_, index) => index + 1))
    expect(stream.items.map(({ data }) => data.id)).toEqual(log)
    expect(stream.errors).toEqual([])
    stream.close()
  }
})

it('lets what the database refuses fail alone among 200', async () => {
  const herald = await start()
  await sql(env, `ALTER TABLE "Agent" ADD CONSTRAINT refuse CHECK ("agentName" NOT LIKE 'bad%')`)
  const good = createAgents(herald, 100)
  const bad = [createAgent(herald, 'bad 1'), createAgent(herald, 'bad 2')]
  const more = createAgents(herald, 98)
  expect(await Promise.all(bad)).toEqual(['failed', 'failed'])
  const made = await Promise.all([...good, ...more])
  expect(made).not.toContain('failed')
  expect((await logged()).sort()).toEqual(made.sort())
})

describe('while one group is being committed and another waits for the lock', () => {
  let herald: Herald
  beforeEach(async () => {
    herald = await start()
    // A group that has the app's lock then waits until the test lets it go on.
    await sql(
      env,
      `CREATE FUNCTION wait() RETURNS trigger AS 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END'
      LANGUAGE plpgsql`,
    )
    await sql(env, 'CREATE TRIGGER wait AFTER INSERT ON "Event" EXECUTE FUNCTION wait()')
    session = new pg.Client({ connectionString: env.DATABASE_URL })
    await session.connect()
    await session.query('SELECT pg_advisory_lock(7)')
  })
  afterEach(() => session.end())

  /** The sessions that wait: for the test, and for the app's lock. */
  const waiting = async (): Promise<{ pid: number; forTest: boolean }[]> =>
    sql(
      env,
      `SELECT pid, wait_event = 'advisory' AS "forTest" FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' ORDER BY 2 DESC`,
    )
  const bothWait = () =>
    eventually(async () => {
      const found = await waiting()
      return found.length === 2 && found[0]?.forTest && !found[1]?.forTest ? found : null
    }, 'one that waits for each')
  const goOn = () => session.query('SELECT pg_advisory_unlock(7)')

  it('takes all that came meanwhile, and no third transaction is begun', async () => {
    const first = createAgent(herald, 'first')
    await eventually(async () => (await waiting()).length === 1, 'the first to be committed')
    const others = createAgents(herald, 50)
    await bothWait()
    // Other requests are answered meanwhile.
    for (let i = 0; i < 20; i++) {
      await gql(herald, '{ agents(first: 1) { nodes { id } } }')
      expect(await waiting()).toHaveLength(2)
    }
    await goOn()
    const made = await Promise.all([first, ...others])
    const log = await logged()
    expect(log[0]).toBe(made[0])
    expect(log.sort()).toEqual(made.sort())
    const groups = await sql(env, 'SELECT DISTINCT "occurredAt" FROM "Event"')
    expect(groups.length).toBeLessThan(made.length)
  })

  it('answers those whose transaction breaks while it waits, and keeps nothing of them', async () => {
    const first = createAgent(herald, 'first')
    await eventually(async () => (await waiting()).length === 1, 'the first to be committed')
    const others = createAgents(herald, 50)
    const [, ahead] = await bothWait()
    await session.query('SELECT pg_terminate_backend($1)', [ahead?.pid])
    expect(await Promise.race(others)).toBe('failed')
    await goOn()
    // Those that came after the break had a transaction of their own.
    const made = (await Promise.all([first, ...others])).filter((id) => id !== 'failed')
    expect(made).toContain(await first)
    made.push(await createAgent(herald, 'later'))
    expect((await logged()).sort()).toEqual(made.sort())
  })

  it('commits what waits although the transaction before it breaks', async () => {
    const first = createAgent(herald, 'first')
    await eventually(async () => (await waiting()).length === 1, 'the first to be committed')
    const others = createAgents(herald, 50)
    const [running] = await bothWait()
    await session.query('SELECT pg_terminate_backend($1)', [running?.pid])
    expect(await first).toBe('failed')
    await goOn()
    const made = await Promise.all(others)
    expect(made).not.toContain('failed')
    expect((await logged()).sort()).toEqual(made.sort())
  })
})
