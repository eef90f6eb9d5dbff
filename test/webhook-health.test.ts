import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, gql, type Herald, raw, settingEnv, sql, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'

const HEALTH = `query ($id: ID!, $since: DateTime!, $until: DateTime, $buckets: Int! = 24) {
  webhook(id: $id) { health(since: $since, until: $until, buckets: $buckets) {
    since until delivered failed p50Ms p95Ms p99Ms buckets { start delivered failed p50Ms p95Ms p99Ms } } } }`
const CREATE = `mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) {
  ... on WebhookCreateSuccess { webhook { id } } } }`
const DAY = { since: '2026-03-01T00:00:00.000Z', until: '2026-03-02T00:00:00.000Z' }

let env: Record<string, string>
let herald: Herald
beforeAll(async () => {
  env = await settingEnv('production')
  herald = await startHerald({ ...env, RETRY_SCHEDULE_S: '0,0,0' })
})
afterAll(() => herald.kill('SIGTERM'))

const make = async (input: object): Promise<string> => (await gql(herald, CREATE, { input })).webhookCreate.webhook.id
const health = async (id: string, variables: object) => (await gql(herald, HEALTH, { id, ...variables })).webhook.health

/** Writes attempts down as they were made: [when, milliseconds, outcome]. */
async function seed(webhookId: string, attempts: readonly (readonly [string, number, string])[]): Promise<void> {
  await sql(
    env,
    `WITH attempt AS (
       SELECT 'evt_' || md5($1 || n) AS event, 'dlv_' || md5($1 || n) AS delivery, at, ms, outcome
       FROM unnest($2::timestamptz[], $3::int[], $4::text[]) WITH ORDINALITY AS a(at, ms, outcome, n)
     ), owner AS (SELECT "appId" FROM "Webhook" WHERE id = $1
     ), event AS (
       INSERT INTO "Event" (id, "appId", type, "entityId", "occurredAt", body)
       SELECT event, "appId", 'AGENT_CREATED', 'agt_x', at, '{}' FROM attempt, owner
     ), delivery AS (
       INSERT INTO "Delivery" (id, "appId", "webhookId", "eventId", status, "createdAt")
       SELECT delivery, "appId", $1, event, 'SUCCEEDED', at FROM attempt, owner
     )
     INSERT INTO "DeliveryAttempt" ("deliveryId", number, "webhookId", outcome, "startedAt", "durationMs",
       "requestHeaders", "responseBodyTruncated")
     SELECT delivery, 1, $1, outcome::"AttemptOutcome", at, ms, '{}', false FROM attempt`,
    [webhookId, attempts.map(([at]) => at), attempts.map(([, ms]) => ms), attempts.map(([, , outcome]) => outcome)],
  )
}

it('counts attempts and ranks their durations, part by part and in all, each attempt in one part alone', async () => {
  const id = await make({ url: 'https://example.com/' })
  await seed(id, [
    // Outside: the moment before, and the end itself.
    ['2026-02-28T23:59:59.999Z', 9999, 'DELIVERED'],
    ['2026-03-02T00:00:00.000Z', 9999, 'REJECTED'],
    // The first hour, both its ends.
    ['2026-03-01T00:00:00.000Z', 10, 'DELIVERED'],
    ['2026-03-01T00:59:59.999Z', 30, 'REJECTED'],
    // The second begins where the first ends.
    ['2026-03-01T01:00:00.000Z', 15_000, 'TIMED_OUT'],
    // The last: 1 to 100 ms.
    ...Array.from({ length: 100 }, (_, n) => ['2026-03-01T23:30:00.000Z', n + 1, 'DELIVERED'] as const),
  ])
  const all = await health(id, DAY)
  expect(all).toMatchObject({ ...DAY, delivered: 101, failed: 2, p50Ms: 50, p95Ms: 96, p99Ms: 100 })
  expect(all.buckets).toHaveLength(24)
  const empty = { delivered: 0, failed: 0, p50Ms: null, p95Ms: null, p99Ms: null }
  const start = (hour: number) => new Date(Date.parse(DAY.since) + hour * 3_600_000).toISOString()
  expect(all.buckets).toEqual(
    Array.from({ length: 24 }, (_, hour) => {
      if (hour === 0) return { start: start(0), delivered: 1, failed: 1, p50Ms: 10, p95Ms: 30, p99Ms: 30 }
      if (hour === 1) return { start: start(1), delivered: 0, failed: 1, p50Ms: 15_000, p95Ms: 15_000, p99Ms: 15_000 }
      if (hour === 23) return { start: start(23), delivered: 100, failed: 0, p50Ms: 50, p95Ms: 95, p99Ms: 99 }
      return { start: start(hour), ...empty }
    }),
  )
  const [whole] = (await health(id, { ...DAY, buckets: 1 })).buckets
  expect(whole).toMatchObject({ delivered: 101, failed: 2, p99Ms: 100 })
  expect(await health(await make({ url: 'https://example.com/' }), DAY)).toMatchObject({ ...DAY, ...empty })
})

it('counts each attempt that the dispatcher makes, those before a success too', async () => {
  let answers = 0
  const receiver = await startReceiver((response) => response.writeHead(++answers < 3 ? 500 : 204).end())
  const id = await make({ url: receiver.url })
  const since = new Date(Date.now() - 60_000).toISOString()
  await gql(
    herald,
    'mutation { agentCreate(input: {agentName: "A", agentPurpose: "p", formatting: "f"}) { __typename } }',
  )
  const figures = await eventually(async () => {
    const now = await health(id, { since, until: new Date(Date.now() + 60_000).toISOString() })
    return now.delivered > 0 && now
  }, 'the delivered attempt')
  expect(figures).toMatchObject({ delivered: 1, failed: 2 })
  expect(figures.p50Ms).toBeLessThanOrEqual(figures.p99Ms)
  await receiver.close()
})

it('says what it was asked wrongly', async () => {
  const id = await make({ url: 'https://example.com/' })
  const code = async (variables: object) => (await raw(herald, HEALTH, { id, ...variables })).errors[0].extensions.code
  expect(await code({ ...DAY, buckets: 0 })).toBe('BAD_USER_INPUT')
  expect(await code({ ...DAY, buckets: 169 })).toBe('BAD_USER_INPUT')
  expect(await code({ since: DAY.until, until: DAY.since })).toBe('BAD_USER_INPUT')
  expect(await code({ since: DAY.since, until: '2026-04-01T00:00:00.001Z' })).toBe('BAD_USER_INPUT')
  expect(
    (await health(id, { since: DAY.since, until: '2026-04-01T00:00:00.000Z', buckets: 168 })).buckets,
  ).toHaveLength(168)
})

it('tells another app nothing of it, and a key its own name and scopes', async () => {
  const id = await make({ url: 'https://example.com/' })
  const key = 'another-apps-key'
  await sql(env, `INSERT INTO "App" (id, name) VALUES ('app_${'0'.repeat(32)}', 'Another')`)
  await sql(
    env,
    `INSERT INTO "ApiKey" (id, "appId", name, "keyHash", scopes) VALUES ($1, $2, 'Reader', $3, '{READ}')`,
    [`key_${'0'.repeat(32)}`, `app_${'0'.repeat(32)}`, createHash('sha256').update(key).digest('hex')],
  )
  const other = { url: herald.url, key }
  expect((await gql(other, HEALTH, { id, ...DAY })).webhook).toBeNull()
  const CURRENT = '{ currentKey { id name scopes } app { name } }'
  expect(await gql(other, CURRENT)).toEqual({
    currentKey: { id: `key_${'0'.repeat(32)}`, name: 'Reader', scopes: ['READ'] },
    app: { name: 'Another' },
  })
  expect((await gql(herald, CURRENT)).currentKey).toMatchObject({ name: 'Bootstrap', scopes: ['ADMIN'] })
})
