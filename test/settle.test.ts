import pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import type { Database } from '../src/db/database.ts'
import { openPostgres } from '../src/db/postgres.ts'
import { type Claimed, claim } from '../src/dispatcher/claim.ts'
import { giveBack, renewLeases } from '../src/dispatcher/lease.ts'
import { outboxRetention } from '../src/dispatcher/outbox-retention.ts'
import { type Settlement, settle } from '../src/dispatcher/settle.ts'
import { run } from './support/client.ts'
import { eventually, type Herald, settingEnv, sql, startHerald } from './support/herald.ts'

let env: Record<string, string>
let herald: Herald
let db: Database
beforeAll(async () => {
  env = await settingEnv('production')
  herald = await startHerald({ ...env, ROLES: 'api' })
  await run(herald, api.WebhookCreateDocument, { input: { url: 'http://127.0.0.1:9009/' } })
  db = await openPostgres(env.DATABASE_URL as string, pino({ level: 'silent' }))
})
afterAll(async () => {
  await db[Symbol.asyncDispose]()
  expect(await herald.kill('SIGTERM')).toBe(0)
})

const limits = { max: 10, roomPerLane: 10, rooms: new Map(), afterWebhookId: '' }
async function claimOne(): Promise<Claimed> {
  await run(herald, api.ContextCreateDocument, { input: { name: 'c' } })
  const [delivery] = (await claim(db.sql, limits)).deliveries
  if (!delivery) throw new Error('nothing was claimed')
  return delivery
}
const settlement = (delivery: Claimed, verdict: Settlement['verdict']): Settlement => ({
  delivery,
  verdict,
  result: {
    outcome: verdict.status === 'SUCCEEDED' ? 'DELIVERED' : 'REJECTED',
    startedAt: new Date(),
    durationMs: 1,
    requestHeaders: {},
    responseStatus: verdict.status === 'SUCCEEDED' ? 204 : 500,
    responseHeaders: {},
    responseBody: null,
    responseBodyTruncated: false,
    failure: null,
  },
})
const stateOf = async ({ id }: Claimed) =>
  (
    await sql(
      env,
      'SELECT status, "attemptCount" n, (SELECT count(*)::int FROM "OutboxEntry" WHERE "deliveryId" = id) owed FROM "Delivery" WHERE id = $1',
      [id],
    )
  )[0]

it.each(['FAILED', 'PENDING', 'SUCCEEDED'] as const)(
  'writes down an attempt that is %s while its delivery is just being canceled',
  async (status) => {
    const delivery = await claimOne()
    const canceling = new pg.Client({ connectionString: env.DATABASE_URL })
    await canceling.connect()
    await canceling.query('BEGIN')
    await canceling.query('UPDATE "OutboxEntry" SET "dueAt" = NULL WHERE "deliveryId" = $1', [delivery.id])
    await canceling.query(`UPDATE "Delivery" SET status = 'CANCELED' WHERE id = $1`, [delivery.id])
    const settling = settle(db.sql, [settlement(delivery, status === 'PENDING' ? { status, delayS: 5 } : { status })])
    await eventually(
      async () => (await sql(env, `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).length > 0,
      'the settling waits',
    )
    await canceling.query('COMMIT')
    await canceling.end()
    const kept = status === 'SUCCEEDED' ? 'SUCCEEDED' : 'CANCELED'
    expect((await settling).get(delivery)).toMatchObject({ status: kept })
    expect(await stateOf(delivery)).toEqual({ status: kept, n: 1, owed: 0 })
  },
)

it('gives back what was not attempted: due as it was, and not at all once it is canceled', async () => {
  const [kept, canceled] = [await claimOne(), await claimOne()]
  await sql(env, 'UPDATE "OutboxEntry" SET "dueAt" = NULL WHERE "deliveryId" = $1', [canceled.id])
  expect(await renewLeases(db.sql, [kept, canceled])).toEqual(new Set([kept.id]))
  const dueAt = async () => sql(env, 'SELECT "deliveryId" id, "dueAt" FROM "OutboxEntry"')
  const before = (await dueAt()).filter(({ id }) => id === kept.id)
  // Under another's lease nothing is given back.
  await giveBack(db.sql, [{ ...kept, leaseId: 'other' }])
  expect((await claim(db.sql, limits)).deliveries).toEqual([])
  await giveBack(db.sql, [kept, canceled])
  expect(await dueAt()).toEqual(before)
  const [again] = (await claim(db.sql, limits)).deliveries
  expect(again).toMatchObject({ id: kept.id, attempt: 1 })
  await settle(db.sql, [settlement(again as Claimed, { status: 'SUCCEEDED' })])
})

it('removes in time what was canceled under way and whose dispatcher was killed, and nothing else', async () => {
  const [killed, running, owed] = [await claimOne(), await claimOne(), await claimOne()]
  const canceled = [killed, running].map(({ id }) => id)
  await sql(env, 'UPDATE "OutboxEntry" SET "dueAt" = NULL WHERE "deliveryId" = ANY($1)', [canceled])
  const expired = [killed, owed].map(({ id }) => id)
  await sql(env, 'UPDATE "OutboxEntry" SET "leasedUntil" = now() WHERE "deliveryId" = ANY($1)', [expired])
  const remove = async (before: string) => (await db.sql.query(outboxRetention.statement, [before]))[0]
  expect(await remove('0')).toEqual({ count: 0 })
  expect(await remove('f'.repeat(12))).toEqual({ count: 1 })
  expect(await sql(env, 'SELECT "deliveryId" id FROM "OutboxEntry" ORDER BY 1')).toEqual([
    { id: running.id },
    { id: owed.id },
  ])
  await settle(
    db.sql,
    [running, owed].map((delivery) => settlement(delivery, { status: 'FAILED' })),
  )
})

it('writes a delivery down once that stands in a batch under a lost lease as well', async () => {
  const lost = await claimOne()
  await sql(env, 'UPDATE "OutboxEntry" SET "leasedUntil" = now()')
  const [held] = (await claim(db.sql, limits)).deliveries
  if (!held) throw new Error('nothing was claimed')
  expect([held.id, held.attempt]).toEqual([lost.id, lost.attempt])
  const settled = await settle(db.sql, [
    settlement(lost, { status: 'FAILED' }),
    settlement(held, { status: 'SUCCEEDED' }),
  ])
  expect([...settled.keys()]).toEqual([held])
  expect(await stateOf(held)).toEqual({ status: 'SUCCEEDED', n: 1, owed: 0 })
  expect(await sql(env, 'SELECT number, outcome FROM "DeliveryAttempt" WHERE "deliveryId" = $1', [held.id])).toEqual([
    { number: 1, outcome: 'DELIVERED' },
  ])
})
