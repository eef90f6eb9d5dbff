import { print } from 'graphql'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, gql, type Herald, settingEnv, startHerald } from './support/herald.ts'
import { transports, watch } from './support/live.ts'
import { startReceiver } from './support/receiver.ts'
import { startRedis } from './support/redis.ts'

const AGENT = 'mutation { agentCreate(input: {agentName: "A", agentPurpose: "p", formatting: "f"}) { __typename } }'
const CHANGES = print(api.DeliveryChangesDocument)

describe.each(['embedded', 'production'] as const)('deliveryChanged on the %s setting', (setting) => {
  let herald: Herald
  let processes: Herald[]
  let receiver: Awaited<ReturnType<typeof startReceiver>>

  beforeAll(async () => {
    const env = { ...(await settingEnv(setting)), RETRY_SCHEDULE_S: '0,0,600' }
    if (setting === 'embedded') processes = [await startHerald(env)]
    else processes = await Promise.all(['api', 'dispatcher'].map((role) => startHerald({ ...env, ROLES: role })))
    herald = processes[0] as Herald
    receiver = await startReceiver()
  })
  afterAll(async () => {
    await receiver.close()
    expect(await Promise.all(processes.map((one) => one.kill('SIGTERM')))).toEqual(processes.map(() => 0))
  })
  beforeEach(async () => {
    const { webhooks } = await run(herald, api.WebhooksDocument, { first: 100 })
    for (const { id } of webhooks.nodes) await run(herald, api.WebhookDeleteDocument, { id })
    receiver.received.length = 0
    receiver.state.answer = (response) => response.end()
  })

  const createWebhook = async (url = receiver.url): Promise<string> => {
    const { webhookCreate } = await run(herald, api.WebhookCreateDocument, { input: { url } })
    if (webhookCreate.__typename !== 'WebhookCreateSuccess') throw new Error(webhookCreate.message)
    return webhookCreate.webhook.id
  }
  /** Opens a stream and waits until it tells of a probe, so that all later changes are told on it. */
  const open = async (transport: (typeof transports)[number], webhookId?: string) => {
    const stream = watch(herald, transport, CHANGES, { webhookId })
    await eventually(async () => {
      await gql(herald, AGENT)
      return stream.items.length > 0
    }, 'an open stream')
    await eventually(async () => {
      const { deliveries } = await run(herald, api.DeliveriesDocument, { webhookId, status: 'PENDING' })
      return deliveries.nodes.length === 0
    }, 'probes delivered')
    return stream
  }
  const newest = (items: any[]) => new Map(items.map((item) => [item.id, item]))

  it.each(transports)(
    'tells of creation, attempts and end over %s, to the watched webhook alone',
    async (transport) => {
      const [webhookId, other] = [await createWebhook(), await createWebhook()]
      const stream = await open(transport, webhookId)
      receiver.state.answer = (response, { headers }) =>
        response.writeHead(headers['herald-attempt'] === '1' ? 503 : 200).end()
      await gql(herald, AGENT)
      const last = (await run(herald, api.DeliveriesDocument, { first: 1, webhookId })).deliveries.nodes[0]
      const steps = () => stream.items.filter(({ id }) => id === last?.id)
      await eventually(() => steps().at(-1)?.status === 'SUCCEEDED', 'the end on the stream')
      expect(steps().at(-1)).toMatchObject({ attemptCount: 2, nextAttemptAt: null })
      expect(new Set(stream.items.map(({ webhook }) => webhook.id))).toEqual(new Set([webhookId]))
      expect(other).not.toBe(webhookId)
      // The newest state never goes back.
      const counts = steps().map(({ attemptCount }) => attemptCount)
      expect(counts).toEqual([...counts].sort())
      expect(stream.errors).toEqual([])
      stream.close()
    },
  )

  it('answers those who ask differently for the same deliveries as each asked', async () => {
    const webhookId = await createWebhook()
    const asked = ['id', 'id status event { name }', 'id webhook { id url } attempts { number }']
    const streams = await Promise.all(
      [...asked, ...asked].map(async (fields) => {
        const stream = watch(herald, 'ws', `subscription { deliveryChanged { ${fields} } }`)
        await eventually(async () => {
          await gql(herald, AGENT)
          return stream.items.length > 0
        }, 'an open stream')
        return stream
      }),
    )
    await gql(herald, AGENT)
    const last = (await run(herald, api.DeliveriesDocument, { first: 1, webhookId })).deliveries.nodes[0]
    const expected = [
      { id: last?.id },
      { id: last?.id, status: 'SUCCEEDED', event: { name: 'agent.created' } },
      { id: last?.id, webhook: { id: webhookId, url: receiver.url }, attempts: [{ number: 1 }] },
    ]
    for (const [index, stream] of streams.entries()) {
      const told = () => stream.items.findLast(({ id }) => id === last?.id)
      await eventually(() => JSON.stringify(told()) === JSON.stringify(expected[index % 3]), 'its end, as asked')
      expect(stream.errors).toEqual([])
      stream.close()
    }
  })

  it('ends with the newest state of each of 300, whatever steps were passed over', async () => {
    const webhookId = await createWebhook()
    const streams = await Promise.all([...transports, ...transports].map((transport) => open(transport, webhookId)))
    await Promise.all(Array.from({ length: 300 }, () => gql(herald, AGENT)))
    await eventually(async () => {
      const { deliveries } = await run(herald, api.DeliveriesDocument, { status: 'PENDING' })
      return deliveries.nodes.length === 0 && receiver.received.length >= 300
    }, 'all delivered')
    const made = new Map<string, string>()
    let after: string | null | undefined
    do {
      const { deliveries } = await run(herald, api.DeliveriesDocument, { first: 100, after, webhookId })
      for (const { id, status } of deliveries.nodes) made.set(id, status)
      after = deliveries.pageInfo.hasNextPage ? deliveries.pageInfo.endCursor : null
    } while (after)
    for (const stream of streams) {
      const told = () => newest(stream.items)
      await eventually(
        () => [...told().values()].filter(({ status }) => status === 'SUCCEEDED').length >= 300,
        'all ends on the stream',
      )
      for (const [id, { status }] of told()) expect(status).toBe(made.get(id))
      expect(stream.errors).toEqual([])
      stream.close()
    }
  })

  it('tells of deliveries that were canceled, and of none that went with their webhook', async () => {
    const webhookId = await createWebhook()
    const stream = await open('ws')
    receiver.state.answer = (response) => response.writeHead(503).end()
    await gql(herald, AGENT)
    const pending = await eventually(
      () => stream.items.find(({ status, attemptCount }) => status === 'PENDING' && attemptCount === 2),
      'two failed attempts',
    )
    await run(herald, api.WebhookUpdateDocument, { id: webhookId, input: { active: false } })
    await eventually(() => newest(stream.items).get(pending.id)?.status === 'CANCELED', 'cancellation')
    expect(newest(stream.items).get(pending.id)).toMatchObject({ nextAttemptAt: null, attemptCount: 2 })
    const before = stream.items.length
    await run(herald, api.WebhookDeleteDocument, { id: webhookId })
    await createWebhook()
    receiver.state.answer = (response) => response.end()
    await gql(herald, AGENT)
    await eventually(() => stream.items.at(-1)?.status === 'SUCCEEDED', 'a later delivery')
    expect(stream.items.slice(before).some(({ id }) => id === pending.id)).toBe(false)
    expect(stream.errors).toEqual([])
    stream.close()
  })
})

it('finds out by itself what a Redis that is away did not tell', async () => {
  const redis = await startRedis()
  const env = { ...(await settingEnv('production')), REDIS_URL: redis.url }
  const processes = await Promise.all(['api', 'dispatcher'].map((role) => startHerald({ ...env, ROLES: role })))
  const [herald] = processes as [Herald]
  const receiver = await startReceiver()
  await run(herald, api.WebhookCreateDocument, { input: { url: receiver.url } })
  const streams = transports.map((transport) => watch(herald, transport, CHANGES))
  await eventually(async () => {
    await gql(herald, AGENT)
    return streams.every(({ items }) => items.length > 0)
  }, 'open streams')
  await redis.stop()
  await gql(herald, AGENT)
  const last = (await run(herald, api.DeliveriesDocument, { first: 1 })).deliveries.nodes[0]
  for (const { items, errors } of streams) {
    await eventually(() => items.some(({ id, status }) => id === last?.id && status === 'SUCCEEDED'), 'its end')
    expect(errors).toEqual([])
  }
  for (const stream of streams) stream.close()
  expect(await Promise.all(processes.map((one) => one.kill('SIGTERM')))).toEqual([0, 0])
  await Promise.all([receiver.close(), redis.stop()])
})
