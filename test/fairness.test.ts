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

it('lets webhooks that share an origin not wait for one another', async () => {
  // Each of three webhooks has all its 16 attempts hanging; the fourth has the same origin.
  const shared = await startReceiver((response, { body }) => {
    if (body.type === 'agent.created') response.end()
  })
  for (let i = 0; i < 3; i++) await createWebhook(shared.url, ['CONTEXT_FILE'])
  await createWebhook(shared.url, ['AGENT'])
  const { contextCreate } = await run(herald, api.ContextCreateDocument, { input: { name: 'c' } })
  if (contextCreate.__typename !== 'ContextCreateSuccess') throw new Error(contextCreate.message)
  const file = { contextId: contextCreate.context.id, name: 'f', mimeType: 'text/plain', documentContent: 'x' }
  await run(herald, api.ContextFilesCreateDocument, { inputs: Array(20).fill(file) })
  await eventually(() => shared.received.length === 48, 'all that may be under way')
  await run(herald, api.AgentCreateDocument, { input: { agentName: 'a', agentPurpose: 'p', formatting: 'f' } })
  await eventually(() => shared.received.some(({ body }) => body.type === 'agent.created'), "the neighbour's callback")
  expect(shared.received).toHaveLength(49)
  await shared.close()
})
