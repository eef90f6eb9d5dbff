import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, type Herald, settingEnv, sql, startHerald } from './support/herald.ts'
import { type Received, startReceiver } from './support/receiver.ts'

let env: Record<string, string>
let herald: Herald
let receiver: Awaited<ReturnType<typeof startReceiver>>
let contextId: string
beforeAll(async () => {
  // A failed attempt is tried again once, an hour later: within a test never.
  env = { ...(await settingEnv('production')), RETRY_SCHEDULE_S: '0,3600' }
  herald = await startHerald(env)
  const { contextCreate } = await run(herald, api.ContextCreateDocument, { input: { name: 'c' } })
  if (contextCreate.__typename !== 'ContextCreateSuccess') throw new Error(contextCreate.message)
  contextId = contextCreate.context.id
})
afterAll(async () => {
  expect(await herald.kill('SIGTERM')).toBe(0)
})
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(async () => {
  await receiver.close()
  for (const { id } of (await run(herald, api.WebhooksDocument)).webhooks.nodes) {
    await run(herald, api.WebhookDeleteDocument, { id })
  }
})

const refuse = (response: Parameters<typeof receiver.state.answer>[0]) => void response.writeHead(500).end()
const accept = (response: Parameters<typeof receiver.state.answer>[0]) => void response.end()
const never = (id: string) => `${id.split('_')[0]}_${'0'.repeat(32)}`

async function createWebhook(input: Partial<api.WebhookCreateInput> = {}): Promise<string> {
  const { webhookCreate } = await run(herald, api.WebhookCreateDocument, { input: { url: receiver.url, ...input } })
  if (webhookCreate.__typename !== 'WebhookCreateSuccess') throw new Error(webhookCreate.message)
  return webhookCreate.webhook.id
}
async function createFiles(count: number): Promise<void> {
  const file = { contextId, name: 'f', mimeType: 'text/plain', documentContent: 'x' }
  for (let made = 0; made < count; made += 500) {
    await run(herald, api.ContextFilesCreateDocument, { inputs: Array(Math.min(500, count - made)).fill(file) })
  }
}
const newest = async (webhookId: string) =>
  (await run(herald, api.DeliveriesDocument, { webhookId, first: 1 })).deliveries.nodes[0] as api.DeliveryFieldsFragment
const retry = async (id: string) => (await run(herald, api.DeliveryRetryDocument, { id })).deliveryRetry
const replay = async (input: api.DeliveriesReplayInput) =>
  (await run(herald, api.DeliveriesReplayDocument, { input })).deliveriesReplay
const test = async (id: string) => (await run(herald, api.WebhookTestDocument, { id })).webhookTest
const idsOf = (received: Received[]) => received.map(({ headers }) => headers['webhook-id'] as string)
const countOf = async (status: api.DeliveryStatus) =>
  (await sql(env, 'SELECT count(*)::int AS n FROM "Delivery" WHERE status::text = $1', [status]))[0].n as number

it('retries: at once, with the attempts counted on and the schedule begun anew', async () => {
  receiver.state.answer = refuse
  const webhookId = await createWebhook()
  await createFiles(1)
  const scheduled = await eventually(async () => {
    const delivery = await newest(webhookId)
    return delivery?.nextAttemptAt && delivery.attemptCount === 1 ? delivery : null
  }, 'the first attempt')
  // Brought forward; it fails again, and as the schedule begins anew it is scheduled again.
  expect(await retry(scheduled.id)).toMatchObject({ delivery: { status: 'PENDING', attemptCount: 1 } })
  await eventually(async () => (await newest(webhookId)).attemptCount === 2, 'the second attempt')
  expect(await newest(webhookId)).toMatchObject({ status: 'PENDING' })
  receiver.state.answer = accept
  await eventually(async () => (await retry(scheduled.id)).__typename === 'DeliveryRetrySuccess', 'the retry')
  await eventually(async () => (await newest(webhookId)).status === 'SUCCEEDED', 'success')
  // What was delivered can be sent again too.
  expect((await retry(scheduled.id)).__typename).toBe('DeliveryRetrySuccess')
  await eventually(async () => (await newest(webhookId)).attemptCount === 4, 'the fourth attempt')
  expect(receiver.received.map(({ headers }) => headers['herald-attempt'])).toEqual(['1', '2', '3', '4'])
  expect(new Set(idsOf(receiver.received)).size).toBe(1)
  expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(1)
  expect(await retry(never(scheduled.id))).toMatchObject({ __typename: 'NotFoundError', nodeId: never(scheduled.id) })
})

it('does not retry what is under way, nor to an inactive webhook', async () => {
  receiver.state.answer = () => {}
  const webhookId = await createWebhook()
  await createFiles(1)
  await eventually(() => receiver.received.length === 1, 'the attempt under way')
  const { id } = await newest(webhookId)
  expect(await retry(id)).toMatchObject({
    __typename: 'ConflictError',
    message: 'An attempt of this delivery is under way',
  })
  await run(herald, api.WebhookUpdateDocument, { id: webhookId, input: { active: false } })
  expect(await newest(webhookId)).toMatchObject({ status: 'CANCELED' })
  expect((await retry(id)).__typename).toBe('ConflictError')
  expect((await test(webhookId)).__typename).toBe('ConflictError')
  expect((await replay({ webhookId, since: new Date(0).toISOString() })).__typename).toBe('ConflictError')
  expect(receiver.received).toHaveLength(1)
})

it('sends nothing anew whose attempt is still under way, canceled or not', async () => {
  const open: Parameters<typeof accept>[0][] = []
  receiver.state.answer = (response) => void open.push(response)
  const webhookId = await createWebhook()
  await createFiles(2)
  await eventually(() => open.length === 2, 'two attempts under way')
  for (const active of [false, true]) await run(herald, api.WebhookUpdateDocument, { id: webhookId, input: { active } })
  const { id } = await newest(webhookId)
  expect(await newest(webhookId)).toMatchObject({ status: 'CANCELED', nextAttemptAt: null })
  expect((await retry(id)).__typename).toBe('ConflictError')
  const all = { webhookId, since: new Date(0).toISOString() }
  expect(await replay(all)).toMatchObject({ scheduledCount: 0 })
  // What was delivered counts; what failed stays canceled, is not tried again, and can be sent anew.
  for (const [index, response] of open.entries()) response.writeHead(index === 0 ? 500 : 200).end()
  await eventually(async () => (await countOf('SUCCEEDED')) === 1, 'the one that was delivered')
  await eventually(async () => (await sql(env, 'SELECT 1 FROM "DeliveryAttempt"')).length === 2, 'both written down')
  expect(await sql(env, 'SELECT * FROM "OutboxEntry"')).toEqual([])
  expect([await countOf('CANCELED'), await countOf('PENDING')]).toEqual([1, 0])
  receiver.state.answer = accept
  expect(await replay(all)).toMatchObject({ scheduledCount: 1 })
  await eventually(async () => (await countOf('SUCCEEDED')) === 2, 'the other one')
  expect(receiver.received.map(({ headers }) => headers['herald-attempt'])).toEqual(['1', '1', '2'])
})

it('tries a webhook out: it alone, once, outside of the sequence', async () => {
  receiver.state.answer = refuse
  const neighbour = await startReceiver()
  const webhookId = await createWebhook({ entities: ['AGENT'] })
  await createWebhook({ url: neighbour.url })
  const tested = await test(webhookId)
  if (tested.__typename !== 'WebhookTestSuccess') throw new Error(tested.message)
  await eventually(async () => (await newest(webhookId)).status === 'FAILED', 'the attempt')
  expect(await newest(webhookId)).toMatchObject({ id: tested.delivery.id, attemptCount: 1, nextAttemptAt: null })
  const [received] = receiver.received
  expect(received?.body).toMatchObject({ type: 'webhook.test', sequence: 0, data: { webhookId } })
  expect(received?.headers['webhook-id']).toBe(received?.body.id)
  const before = (await sql(env, 'SELECT "lastSequence" AS n FROM "App"'))[0].n
  await createFiles(1)
  await eventually(() => neighbour.received.length === 1, 'the next event')
  expect(neighbour.received[0]?.body).toMatchObject({ type: 'contextfile.created', sequence: before + 1 })
  expect(receiver.received).toHaveLength(1)
  expect((await test(never(webhookId))).__typename).toBe('NotFoundError')
  await neighbour.close()
})

it('replays what failed, oldest first and each once, through a crash and a race with a retry', async () => {
  receiver.state.answer = refuse
  const webhookId = await createWebhook({ deliveryPolicy: 'ONCE' })
  const since = new Date().toISOString()
  await createFiles(1200)
  await eventually(async () => (await countOf('FAILED')) >= 1200, 'all failed')
  const failed = new Set(idsOf(receiver.received))
  expect(failed.size).toBe(1200)
  receiver.received.length = 0
  receiver.state.answer = accept

  const one = await newest(webhookId)
  const [answer, retried] = await Promise.all([replay({ webhookId, since }), retry(one.id)])
  expect(retried.__typename).toBe('DeliveryRetrySuccess')
  if (answer.__typename !== 'DeliveriesReplaySuccess') throw new Error(answer.message)
  expect([1199, 1200]).toContain(answer.scheduledCount)
  await herald.kill('SIGKILL')
  herald = await startHerald(env)
  // What was under way when the process died is sent again when its lease runs out: let that be now.
  await sql(env, 'UPDATE "OutboxEntry" SET "leasedUntil" = now() WHERE "leaseId" IS NOT NULL')
  await eventually(async () => {
    const { webhook } = await run(herald, api.WebhookReplayDocument, { id: webhookId })
    return webhook?.replay?.completedAt
  }, 'the replay')
  await eventually(async () => (await countOf('PENDING')) === 0, 'nothing pending')
  expect(await countOf('FAILED')).toBe(0)
  expect(new Set(idsOf(receiver.received))).toEqual(failed)
  // Twice only what the killed process had begun and not written down: at most what a lane and a batch hold.
  expect(receiver.received.length - failed.size).toBeLessThanOrEqual(16 + 256)
  const { webhook } = await run(herald, api.WebhookReplayDocument, { id: webhookId })
  // Each was made due by the one or by the other.
  expect([1199, 1200]).toContain(webhook?.replay?.doneCount)
})

it('replays by status and time, and only what can be', async () => {
  const webhookId = await createWebhook()
  await createFiles(1)
  await eventually(async () => (await newest(webhookId))?.status === 'SUCCEEDED', 'the callback')
  const since = new Date(0).toISOString()
  expect(await replay({ webhookId, since })).toMatchObject({
    scheduledCount: 0,
    replay: { completedAt: expect.any(String) },
  })
  const { createdAt } = await newest(webhookId)
  expect(await replay({ webhookId, since, until: createdAt, statuses: ['SUCCEEDED'] })).toMatchObject({
    scheduledCount: 0,
  })
  expect(await replay({ webhookId, since: createdAt, statuses: ['SUCCEEDED'] })).toMatchObject({ scheduledCount: 1 })
  await eventually(() => receiver.received.length === 2, 'the callback again')
  expect(await replay({ webhookId, since, until: since })).toMatchObject({ issues: [{ path: ['input', 'until'] }] })
  expect(await replay({ webhookId, since, statuses: ['PENDING'] })).toMatchObject({
    issues: [{ path: ['input', 'statuses'] }],
  })
  expect((await replay({ webhookId: never(webhookId), since })).__typename).toBe('NotFoundError')
})

it('deactivates a webhook whose endpoint is gone, and cancels what it was owed', async () => {
  receiver.state.answer = (response, { body }) => response.writeHead(body.sequence % 20 === 0 ? 410 : 500).end()
  const webhookId = await createWebhook()
  await createFiles(40)
  const webhook = await eventually(async () => {
    const { webhook } = await run(herald, api.WebhookDocument, { id: webhookId })
    return webhook?.status === 'INACTIVE' ? webhook : null
  }, 'the deactivation')
  expect(webhook).toMatchObject({ deactivationReason: 'ENDPOINT_GONE', deactivatedAt: expect.any(String) })
  await eventually(async () => (await countOf('PENDING')) === 0, 'nothing pending')
  const sent = receiver.received.length
  await createFiles(1)
  // Activated anew it is sent what comes then, and nothing of what was canceled.
  receiver.state.answer = accept
  await run(herald, api.WebhookUpdateDocument, { id: webhookId, input: { active: true } })
  await createFiles(1)
  await eventually(async () => (await newest(webhookId)).status === 'SUCCEEDED', 'the next event')
  expect(receiver.received).toHaveLength(sent + 1)
})

it('deactivates a webhook to which everything has failed for 5 days, unless something came through', async () => {
  receiver.state.answer = refuse
  const webhookId = await createWebhook({ deliveryPolicy: 'ONCE' })
  const failingSince = async () =>
    (await sql(env, 'SELECT "failingSince" AS at FROM "Webhook" WHERE id = $1', [webhookId]))[0].at as Date | null
  const age = (days: number) =>
    sql(env, `UPDATE "Webhook" SET "failingSince" = now() - make_interval(days => $2) WHERE id = $1`, [webhookId, days])
  const status = async () => (await run(herald, api.WebhookDocument, { id: webhookId })).webhook
  await createFiles(1)
  await eventually(failingSince, 'the failure')
  await age(6)
  receiver.state.answer = accept
  await createFiles(1)
  await eventually(async () => (await failingSince()) === null, 'the success')
  receiver.state.answer = refuse
  await createFiles(1)
  await eventually(failingSince, 'the next failure')
  await age(4)
  await createFiles(1)
  await eventually(async () => (await newest(webhookId)).status === 'FAILED', 'a failure on the fourth day')
  expect(await status()).toMatchObject({ status: 'ACTIVE' })
  await age(5)
  await createFiles(1)
  await eventually(async () => (await status())?.status === 'INACTIVE', 'the deactivation')
  expect(await status()).toMatchObject({ deactivationReason: 'FAILING' })
})

it('cancels and removes a long backlog, and nothing of a neighbour or of another id', async () => {
  receiver.state.answer = refuse
  const [webhookId, neighbourId] = [await createWebhook(), await createWebhook()]
  await createFiles(2500)
  const countFor = async (id: string, status: string) =>
    (
      await sql(env, 'SELECT count(*)::int AS n FROM "Delivery" WHERE "webhookId" = $1 AND status::text = $2', [
        id,
        status,
      ])
    )[0].n as number
  expect(await countFor(webhookId, 'PENDING')).toBe(2500)
  await run(herald, api.WebhookUpdateDocument, { id: webhookId, input: { active: false } })
  expect([await countFor(webhookId, 'CANCELED'), await countFor(neighbourId, 'PENDING')]).toEqual([2500, 2500])
  expect((await run(herald, api.WebhookDeleteDocument, { id: webhookId })).webhookDelete.__typename).toBe(
    'WebhookDeleteSuccess',
  )
  expect((await run(herald, api.WebhookDeleteDocument, { id: webhookId })).webhookDelete.__typename).toBe(
    'NotFoundError',
  )
  expect([await countFor(webhookId, 'CANCELED'), await countFor(neighbourId, 'PENDING')]).toEqual([0, 2500])
})
