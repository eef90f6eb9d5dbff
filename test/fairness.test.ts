import { afterAll, beforeAll, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, type Herald, settingEnv, sql, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'

let env: Record<string, string>
let herald: Herald
beforeAll(async () => {
  env = { ...(await settingEnv('production')), WEBHOOK_LIMIT: '1000', RETRY_SCHEDULE_S: '0,3600' }
  herald = await startHerald(env)
})
afterAll(async () => {
  expect(await herald.kill('SIGTERM')).toBe(0)
})

const createWebhook = (url: string, entities: api.EntityType[]) =>
  run(herald, api.WebhookCreateDocument, { input: { url, entities } })
const pending = async () => (await sql(env, `SELECT 1 FROM "Delivery" WHERE status = 'PENDING'`)).length

it('reaches every webhook, however many others wait for their next attempt', async () => {
  const failing = await startReceiver((response) => response.writeHead(500).end())
  const healthy = await startReceiver()
  const count = 520
  await Promise.all(Array.from({ length: count }, () => createWebhook(failing.url, ['CONTEXT'])))
  await run(herald, api.ContextCreateDocument, { input: { name: 'c' } })
  await eventually(() => failing.received.length === count, 'an attempt for each')
  // The newest webhook, behind all of them.
  await createWebhook(healthy.url, ['AGENT'])
  await run(herald, api.AgentCreateDocument, { input: { agentName: 'a', agentPurpose: 'p', formatting: 'f' } })
  await eventually(() => healthy.received.length === 1, 'the callback of the newest webhook')
  await eventually(async () => (await pending()) === count, 'the others, waiting')
  expect(failing.received).toHaveLength(count)
  await Promise.all([failing.close(), healthy.close()])
})
