import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import type { Database } from '../src/db/database.ts'
import { openPostgres } from '../src/db/postgres.ts'
import { claim } from '../src/dispatcher/claim.ts'
import { type Settlement, settle } from '../src/dispatcher/settle.ts'
import { run } from './support/client.ts'
import { type Herald, settingEnv, sql, startHerald } from './support/herald.ts'

let env: Record<string, string>
let herald: Herald
let db: Database
beforeAll(async () => {
  env = await settingEnv('production')
  herald = await startHerald({ ...env, ROLES: 'api' })
  db = await openPostgres(env.DATABASE_URL as string, pino({ level: 'silent' }))
})
afterAll(async () => {
  await db[Symbol.asyncDispose]()
  expect(await herald.kill('SIGTERM')).toBe(0)
})

it('writes a delivery down once that stands in a batch under a lost lease as well', async () => {
  await run(herald, api.WebhookCreateDocument, { input: { url: 'http://127.0.0.1:9009/' } })
  await run(herald, api.ContextCreateDocument, { input: { name: 'c' } })
  const limits = { max: 10, roomPerLane: 10, rooms: new Map(), afterWebhookId: '' }
  const [lost] = (await claim(db.sql, limits)).deliveries
  await sql(env, 'UPDATE "OutboxEntry" SET "leasedUntil" = now()')
  const [held] = (await claim(db.sql, limits)).deliveries
  if (!lost || !held) throw new Error('nothing was claimed')
  expect([held.id, held.attempt]).toEqual([lost.id, lost.attempt])
  const settlement = (delivery: typeof held, delivered: boolean): Settlement => ({
    delivery,
    verdict: { status: delivered ? 'SUCCEEDED' : 'FAILED' },
    result: {
      outcome: delivered ? 'DELIVERED' : 'REJECTED',
      startedAt: new Date(),
      durationMs: 1,
      requestHeaders: {},
      responseStatus: delivered ? 204 : 410,
      responseHeaders: {},
      responseBody: null,
      responseBodyTruncated: false,
      failure: null,
    },
  })
  const settled = await settle(db.sql, [settlement(lost, false), settlement(held, true)])
  expect([...settled.keys()]).toEqual([held])
  expect(await sql(env, 'SELECT status, "attemptCount" n FROM "Delivery"')).toEqual([{ status: 'SUCCEEDED', n: 1 }])
  expect(await sql(env, 'SELECT * FROM "OutboxEntry"')).toEqual([])
  expect(await sql(env, 'SELECT number, outcome FROM "DeliveryAttempt"')).toEqual([{ number: 1, outcome: 'DELIVERED' }])
})
