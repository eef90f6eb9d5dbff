import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { settingEnv, sql } from './support/herald.ts'

const migrations = new URL('../prisma/migrations/', import.meta.url)
const sqlOf = (name: string) => readFileSync(new URL(`${name}/migration.sql`, migrations), 'utf8')

it('moves what was owed into the outbox: scheduled, leased and canceled while under way', async () => {
  const env = await settingEnv('production')
  const names = readdirSync(migrations).filter((name) => /^\d/.test(name))
  const outbox = names.findIndex((name) => name.endsWith('_outbox'))
  for (const name of names.slice(0, outbox)) await sql(env, sqlOf(name))
  await sql(
    env,
    `INSERT INTO "App" (id, name) VALUES ('app', 'a');
     INSERT INTO "Webhook" (id, "appId", url, status, "deliveryPolicy") VALUES ('wh', 'app', 'u', 'ACTIVE', 'RETRY');
     INSERT INTO "Event" (id, "appId", sequence, type, "entityId", "occurredAt", body)
     SELECT 'evt_' || n, 'app', n, 'AGENT_CREATED', 'agt', '2026-01-01Z', '{}' FROM generate_series(1, 5) n;
     INSERT INTO "Delivery" (id, "appId", "webhookId", "eventId", status, "dueAt", "leaseId", "createdAt") VALUES
       ('dlv_1', 'app', 'wh', 'evt_1', 'SUCCEEDED', '2026-01-01Z', NULL, '2026-01-01Z'),
       ('dlv_2', 'app', 'wh', 'evt_2', 'PENDING', '2026-01-02Z', NULL, '2026-01-01Z'),
       ('dlv_3', 'app', 'wh', 'evt_3', 'PENDING', '2026-01-03Z', 'lease', '2026-01-01Z'),
       ('dlv_4', 'app', 'wh', 'evt_4', 'CANCELED', '2026-01-04Z', 'lease', '2026-01-01Z'),
       ('dlv_5', 'app', 'wh', 'evt_5', 'CANCELED', '2026-01-05Z', NULL, '2026-01-01Z')`,
  )
  await sql(env, sqlOf(names[outbox] as string))
  const [first, second, third, fourth] = [1, 2, 3, 4].map((day) => new Date(`2026-01-0${day}T00:00:00Z`))
  expect(await sql(env, 'SELECT * FROM "OutboxEntry" ORDER BY "deliveryId"')).toEqual([
    { deliveryId: 'dlv_2', webhookId: 'wh', dueAt: second, leaseId: null, leasedUntil: null },
    { deliveryId: 'dlv_3', webhookId: 'wh', dueAt: first, leaseId: 'lease', leasedUntil: third },
    { deliveryId: 'dlv_4', webhookId: 'wh', dueAt: null, leaseId: 'lease', leasedUntil: fourth },
  ])
})
