import { afterAll, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, type Herald, settingEnv, sql, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'

let herald: Herald
afterAll(async () => {
  expect(await herald.kill('SIGTERM')).toBe(0)
})

it('removes events older than RETENTION_DAYS with their deliveries, up to the first that is still owed', async () => {
  const env = await settingEnv('production')
  const receiver = await startReceiver()
  herald = await startHerald({ ...env, RETENTION_DAYS: '0' })
  await run(herald, api.WebhookCreateDocument, { input: { url: receiver.url } })
  for (let i = 0; i < 5; i++) await run(herald, api.ContextCreateDocument, { input: { name: 'c' } })
  const statuses = async () =>
    (
      await sql(env, 'SELECT d.status::text s FROM "Event" e JOIN "Delivery" d ON d."eventId" = e.id ORDER BY sequence')
    ).map(({ s }) => s as string)
  await eventually(async () => (await statuses()).every((status) => status === 'SUCCEEDED'), 'all delivered')
  expect(await herald.kill('SIGTERM')).toBe(0)

  // Four of the five are made 31 days old; ids tell the time. The third of them is still owed.
  const days = (days: number) => (Date.now() - days * 86_400_000).toString(16).padStart(12, '0')
  await sql(
    env,
    `WITH moved AS (
       INSERT INTO "Event" SELECT 'evt_' || $1 || substr(id, 17), "appId", -sequence, type, "entityId", "externalTenantId", "occurredAt", body
       FROM "Event" WHERE sequence <= 4 RETURNING id, sequence
     ), delivery AS (
       INSERT INTO "Delivery" (id, "appId", "webhookId", "eventId", status, "createdAt")
       SELECT 'dlv_' || substr(moved.id, 5), d."appId", d."webhookId", moved.id,
         CASE WHEN moved.sequence = -3 THEN 'PENDING' ELSE 'SUCCEEDED' END::"DeliveryStatus", now()
       FROM moved JOIN "Event" e ON e.sequence = -moved.sequence JOIN "Delivery" d ON d."eventId" = e.id
       RETURNING id, "webhookId", status
     )
     INSERT INTO "OutboxEntry" ("deliveryId", "webhookId", "dueAt")
     SELECT id, "webhookId", now() + interval '1 day' FROM delivery WHERE status = 'PENDING'`,
    [days(31)],
  )
  await sql(env, 'DELETE FROM "Event" WHERE sequence BETWEEN 1 AND 4')
  await sql(env, 'UPDATE "Event" SET sequence = -sequence WHERE sequence < 0')
  herald = await startHerald({ ...env, RETENTION_DAYS: '30' })
  const sequences = async () => (await run(herald, api.EventsDocument)).events.nodes.map(({ sequence }) => sequence)
  await eventually(async () => (await sequences()).length === 3, 'the removal')
  expect(await sequences()).toEqual([3, 4, 5])
  expect(await statuses()).toEqual(['PENDING', 'SUCCEEDED', 'SUCCEEDED'])
  await receiver.close()
})
