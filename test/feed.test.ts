import { print } from 'graphql'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, gql, type Herald, raw, settingEnv, startHerald } from './support/herald.ts'
import { transports, watch } from './support/live.ts'
import { rawSse, rawWs } from './support/raw.ts'

const LIVE = print(api.LiveEventsDocument)
const BRIEF = 'subscription ($after: String) { events(after: $after) { sequence cursor } }'
const AGENT = 'mutation { agentCreate(input: {agentName: "A", agentPurpose: "p", formatting: "f"}) { __typename } }'

let env: Record<string, string>
let herald: Herald
let sql: pg.Client
beforeAll(async () => {
  env = { ...(await settingEnv('production')), ROLES: 'api' }
  herald = await startHerald(env)
  sql = new pg.Client({ connectionString: env.DATABASE_URL })
  await sql.connect()
})
afterAll(async () => {
  await sql.end()
  expect(await herald.kill('SIGTERM')).toBe(0)
})

const createContext = (name: string, externalTenantId?: string) =>
  run(herald, api.ContextCreateDocument, { input: { name, externalTenantId } })
const createAgent = () => gql(herald, AGENT)
const cursor = (sequence: number) => Buffer.from(`sequence:${sequence}`).toString('base64url')
const lastSequence = async (): Promise<number> => {
  const { rows } = await sql.query('SELECT max("lastSequence") AS last FROM "App"')
  return rows[0].last
}
const upTo = (from: number, last: number) => Array.from({ length: last - from }, (_, index) => from + 1 + index)
const newKey = async (expiresAt?: Date): Promise<{ id: string; key: string }> => {
  const { apiKeyCreate } = await gql(
    herald,
    `mutation ($expiresAt: DateTime) { apiKeyCreate(input: {name: "k", scopes: [READ], expiresAt: $expiresAt}) {
      ... on ApiKeyCreateSuccess { key apiKey { id } } } }`,
    { expiresAt },
  )
  return { id: apiKeyCreate.apiKey.id, key: apiKeyCreate.key }
}

describe.each(transports)('over %s', (transport) => {
  it('joins the log and the live stream without a gap or a duplicate, filters applied to both', async () => {
    const from = await lastSequence()
    for (let i = 0; i < 10; i++) {
      await createAgent()
      await createContext(`c${i}`, i % 2 ? 't-1' : 't-2')
    }
    const all = watch(herald, transport, LIVE, { after: cursor(from) })
    const tenant = watch(herald, transport, LIVE, {
      after: cursor(from),
      entities: ['CONTEXT'],
      externalTenantId: 't-1',
    })
    const none = watch(herald, transport, LIVE, { after: cursor(from), types: ['AGENT_DELETED'] })
    const writing = Promise.all(Array.from({ length: 40 }, (_, i) => createContext(`live ${i}`, i % 2 ? 't-1' : 't-2')))
    await eventually(() => all.items.length > 0, 'the log')
    await writing
    await createAgent()
    const last = await lastSequence()
    expect(last).toBe(from + 61)
    await eventually(() => all.items.length >= 61 && tenant.items.length >= 25, 'all events')
    expect(all.items.map(({ sequence }) => sequence)).toEqual(upTo(from, last))
    const wanted = all.items.filter(
      ({ name, externalTenantId }) => name.startsWith('context.') && externalTenantId === 't-1',
    )
    expect(tenant.items).toEqual(wanted)
    expect(wanted).toHaveLength(25)
    expect(none.items).toEqual([])
    expect([...all.errors, ...tenant.errors, ...none.errors]).toEqual([])
    for (const stream of [all, tenant, none]) stream.close()
  })

  it('answers a cursor that is none, or whose events were removed, with a code', async () => {
    await createAgent()
    const last = await lastSequence()
    const codeFor = async (after: string) => {
      const stream = watch(herald, transport, BRIEF, { after })
      const end = await stream.ended
      expect(stream.items).toEqual([])
      const errors = end === 'complete' ? stream.errors : end.error
      stream.close()
      return errors.map(({ extensions }: any) => extensions.code)
    }
    expect(await codeFor('nonsense')).toEqual(['BAD_USER_INPUT'])
    expect(await codeFor(cursor(last + 1))).toEqual(['BAD_USER_INPUT'])
    await sql.query('DELETE FROM "Event" WHERE sequence <= $1', [last - 1])
    expect(await codeFor(cursor(last - 2))).toEqual(['CURSOR_EXPIRED'])
    expect(await codeFor(cursor(0))).toEqual(['CURSOR_EXPIRED'])
    const kept = watch(herald, transport, BRIEF, { after: cursor(last - 1) })
    await eventually(() => kept.items.length === 1, 'the event that is left')
    // Events that go before they could be given leave no gap unawares either.
    await sql.query('UPDATE "App" SET "lastSequence" = "lastSequence" + 1')
    const end = await kept.ended
    const errors = end === 'complete' ? kept.errors : end.error
    expect(errors.map(({ extensions }: any) => extensions.code)).toEqual(['CURSOR_EXPIRED'])
    kept.close()
  })

  it('ends the streams of a key that is revoked or expires, and no others', async () => {
    const [revoked, expiring, valid] = [await newKey(), await newKey(new Date(Date.now() + 3000)), await newKey()]
    const streams = [revoked, expiring, valid].map(({ key }) => watch({ url: herald.url, key }, transport, BRIEF))
    await eventually(async () => {
      await createAgent()
      return streams.every(({ items }) => items.length > 0)
    }, 'open streams')
    await sql.query('UPDATE "ApiKey" SET "revokedAt" = now() WHERE id = $1', [revoked.id])
    for (const stream of streams.slice(0, 2)) {
      const end = await stream.ended
      if (transport === 'ws') expect(end).toMatchObject({ error: { code: 4403 } })
      else expect(stream.errors.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED'])
    }
    const before = streams[2]?.items.length ?? 0
    await createAgent()
    await eventually(() => (streams[2]?.items.length ?? 0) > before, 'the valid one goes on')
    for (const stream of streams) stream.close()
  })

  it('completes streams when the process is stopped', async () => {
    const own = await startHerald(env)
    const stream = watch(own, transport, BRIEF)
    await eventually(async () => {
      await createAgent()
      return stream.items.length > 0
    }, 'an open stream')
    expect(await own.kill('SIGTERM')).toBe(0)
    expect(await stream.ended).toBe('complete')
    expect(stream.errors).toEqual([])
    stream.close()
  })
})

it('sends heartbeats on both transports', async () => {
  const sse = await rawSse(herald, BRIEF)
  const ws = await rawWs(herald)
  let pings = 0
  ws.socket.on('ping', () => pings++)
  await eventually(() => sse.comments() >= 2 && pings >= 1, 'heartbeats')
  sse.close()
  ws.socket.close()
})

describe('server-sent events', () => {
  it('bear the cursor as their id, and go on behind Last-Event-ID', async () => {
    await createAgent()
    const from = await lastSequence()
    for (let i = 0; i < 5; i++) await createAgent()
    const first = await rawSse(herald, BRIEF, { variables: { after: cursor(from) } })
    expect(first.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    })
    await eventually(() => first.events.length >= 5, 'the events')
    for (const { event, id, data } of first.events) {
      expect(event).toBe('next')
      expect(id).toBe(data.data.events.cursor)
    }
    first.close()
    const headers = { 'last-event-id': first.events[2]?.id ?? '' }
    // A browser resumes with the URL that it began with: what it has seen since counts.
    for (const variables of [{}, { after: cursor(from) }]) {
      const resumed = await rawSse(herald, BRIEF, { variables, headers })
      await eventually(() => resumed.events.length >= 2, 'the rest')
      expect(resumed.events).toEqual(first.events.slice(3))
      resumed.close()
    }
    const bad = await rawSse(herald, BRIEF, { headers: { 'last-event-id': 'x' } })
    await eventually(bad.ended, 'its end')
    expect(bad.events[0]?.data.errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })

  it('are what a subscription is answered with, or nothing', async () => {
    const { status } = await rawSse(herald, BRIEF, { headers: { accept: 'application/json' } })
    expect(status).toBe(406)
    const invalid = await raw(herald, 'subscription { events { nonsense } }')
    expect(invalid.errors).toHaveLength(1)
  })
})

describe('a socket', () => {
  it('has at most 100 operations open, however many are tried, and goes on', async () => {
    const client = await rawWs(herald)
    for (let i = 0; i < 10_000; i++) client.subscribe(`s${i}`, BRIEF)
    await eventually(() => client.messages.filter(({ type }) => type === 'error').length === 9900, 'refusals')
    expect(new Set(client.messages.map(({ payload }) => payload[0].extensions.code))).toEqual(
      new Set(['TOO_MANY_OPERATIONS']),
    )
    client.messages.length = 0
    await eventually(async () => {
      await createAgent()
      return new Set(client.messages.map(({ id }) => id)).size === 100
    }, 'an event on each of the 100')
    client.send({ id: 's5', type: 'complete' })
    client.subscribe('one more', BRIEF)
    await eventually(async () => {
      await createAgent()
      return client.of('one more').length > 0
    }, 'room for another')
    client.socket.close()
  })

  it('is closed by a frame over the limit, and by no document whatever it holds', async () => {
    const client = await rawWs(herald)
    client.subscribe('a', 'subscription {')
    client.subscribe('b', 'subscription { events { nonsense } }')
    client.subscribe('c', 'subscription A { events { id } } subscription B { events { id } }')
    client.subscribe('d', '{ app { id } }')
    await eventually(() => client.of('d').length === 2 && client.messages.length === 5, 'answers')
    for (const id of ['a', 'b', 'c']) expect(client.of(id).map(({ type }) => type)).toEqual(['error'])
    client.subscribe('e', `{ app { id } } # ${'x'.repeat(1_048_576)}`)
    expect((await client.closed).code).toBe(1009)
    expect((await gql(herald, '{ app { id } }')).app.id).toMatch(/^app_/)
  })
})
