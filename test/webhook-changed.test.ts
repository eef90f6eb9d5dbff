import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { createInProcessBus } from '../src/bus/in-process.ts'
import { readConfig } from '../src/config.ts'
import * as api from '../src/console/gql/graphql.ts'
import type { Sql } from '../src/db/database.ts'
import { openPostgres } from '../src/db/postgres.ts'
import { startDispatcher } from '../src/dispatcher/dispatcher.ts'
import { webhookTopic } from '../src/events/topics.ts'
import { createDispatcherMetrics } from '../src/metrics/dispatcher.ts'
import { createAddressPolicy } from '../src/webhooks/address-policy.ts'
import { createSecretBox } from '../src/webhooks/secrets.ts'
import { run } from './support/client.ts'
import { eventually, settingEnv, sql, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'

it('sends to the new URL what was being claimed while it was changed', async () => {
  const env = await settingEnv('production')
  const herald = await startHerald({ ...env, ROLES: 'api' })
  const [former, current] = [await startReceiver(), await startReceiver()]
  const { webhookCreate } = await run(herald, api.WebhookCreateDocument, { input: { url: former.url } })
  if (webhookCreate.__typename !== 'WebhookCreateSuccess') throw new Error(webhookCreate.message)
  const { id } = webhookCreate.webhook
  await run(herald, api.ContextCreateDocument, { input: { name: 'c' } })

  const log = pino({ level: 'silent' })
  const db = await openPostgres(env.DATABASE_URL as string, log)
  const bus = createInProcessBus()
  let changed = false
  // A claim whose answer comes late: the webhook is changed after the claim has read it, and before its rows are here.
  const late: Sql = {
    async query<Row>(text: string, params?: readonly unknown[]) {
      const rows = await db.sql.query<Row>(text, params)
      if (!changed && rows.some((row) => (row as { url?: string }).url === former.url)) {
        changed = true
        await run(herald, api.WebhookUpdateDocument, { id, input: { url: current.url } })
        bus.publish(webhookTopic, id)
        await new Promise(setImmediate)
      }
      return rows
    },
  }
  const config = readConfig(env)
  const dispatcher = await startDispatcher({
    sql: late,
    bus,
    log,
    config,
    metrics: createDispatcherMetrics(new Registry()),
    secrets: createSecretBox(config.secretsKeys),
    policy: createAddressPolicy(config.callbackAllowCidrs),
    deactivate: async () => {},
    userAgent: 'Herald/test',
  })
  await eventually(() => current.received.length === 1, 'the callback')
  await dispatcher.stop()
  expect(current.received[0]?.headers['herald-attempt']).toBe('1')
  expect(former.received).toEqual([])
  expect(await sql(env, 'SELECT status FROM "Delivery"')).toEqual([{ status: 'SUCCEEDED' }])
  await db[Symbol.asyncDispose]()
  expect(await herald.kill('SIGTERM')).toBe(0)
  await Promise.all([former.close(), current.close()])
})
