import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { eventually, gql, type Herald, raw, settingEnv, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'

const CREATE = `mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) { __typename
  ... on WebhookCreateSuccess { secret webhook { id name url entities status deliveryPolicy } }
  ... on InvalidInputError { issues { path message } } ... on WebhookLimitReachedError { limit message } } }`
const AGENT = 'mutation { agentCreate(input: {agentName: "A", agentPurpose: "p", formatting: "f"}) { __typename } }'

let herald: Herald
beforeAll(async () => {
  herald = await startHerald({
    ...(await settingEnv('production')),
    RETRY_SCHEDULE_S: '0,0,0',
    CALLBACK_TIMEOUT_MS: '500',
  })
})
afterAll(() => herald.kill('SIGTERM'))

const create = async (input: object) => (await gql(herald, CREATE, { input })).webhookCreate
const removeAll = async () => {
  const { webhooks } = await gql(herald, '{ webhooks(first: 100) { nodes { id } } }')
  for (const { id } of webhooks.nodes)
    await gql(herald, 'mutation ($id: ID!) { webhookDelete(id: $id) { __typename } }', { id })
}

it('lets exactly 50 of 60 concurrent creates through, and counts them', async () => {
  const results = await Promise.all(
    Array.from({ length: 60 }, (_, i) => create({ name: `w${i}`, url: 'https://example.com/' })),
  )
  const made = results.filter((result) => result.__typename === 'WebhookCreateSuccess')
  const refused = results.filter((result) => result.__typename === 'WebhookLimitReachedError')
  expect([made.length, refused.length]).toEqual([50, 10])
  expect(refused[0].limit).toBe(50)
  expect(new Set(made.map((result) => result.secret)).size).toBe(50)
  expect((await gql(herald, '{ app { webhookCount webhookLimit } }')).app).toEqual({
    webhookCount: 50,
    webhookLimit: 50,
  })
  await removeAll()
  expect((await gql(herald, '{ app { webhookCount } }')).app.webhookCount).toBe(0)
})

it('answers every broken rule with the path of its field, and makes nothing', async () => {
  const result = await create({ name: 'x'.repeat(51), url: 'http://10.0.0.1/' })
  expect(result.issues).toEqual([
    { path: ['input', 'name'], message: 'This field may have at most 50 characters' },
    { path: ['input', 'url'], message: 'Please enter a valid URL' },
  ])
  expect((await gql(herald, '{ app { webhookCount } }')).app.webhookCount).toBe(0)
})

it('finds by part of the name, without wildcards, and by status, page by page', async () => {
  for (const name of ['Alpha', 'alpha_2', 'Beta 100%', 'alphaX2']) await create({ name, url: 'https://example.com/' })
  await create({ name: 'off', url: 'https://example.com/', active: false })
  const LIST = `query ($first: Int, $after: String, $search: String, $status: WebhookStatus) {
    webhooks(first: $first, after: $after, search: $search, status: $status) {
      totalCount nodes { name } edges { cursor } pageInfo { hasNextPage endCursor } } }`
  const names = async (variables: object) => {
    const { webhooks } = await gql(herald, LIST, variables)
    return webhooks.nodes.map((node: { name: string }) => node.name)
  }
  expect(await names({ search: 'ALPHA' })).toEqual(['alphaX2', 'alpha_2', 'Alpha'])
  expect(await names({ search: 'a_2' })).toEqual(['alpha_2'])
  expect(await names({ search: '%' })).toEqual(['Beta 100%'])
  expect(await names({ status: 'INACTIVE' })).toEqual(['off'])
  const first = (await gql(herald, LIST, { first: 2 })).webhooks
  expect(first.totalCount).toBe(5)
  expect(first.pageInfo.hasNextPage).toBe(true)
  expect(await names({ first: 3, after: first.pageInfo.endCursor })).toEqual(['Beta 100%', 'alpha_2', 'Alpha'])
  const { errors } = await raw(herald, LIST, { first: 101 })
  expect(errors[0].extensions.code).toBe('BAD_USER_INPUT')
  await removeAll()
})

it('reveals the secret that it gave, and shows it nowhere else', async () => {
  const { webhook, secret } = await create({ url: 'https://example.com/' })
  const REVEAL =
    'mutation ($id: ID!) { webhookRevealSecret(id: $id) { ... on WebhookRevealSecretSuccess { secret } ... on NotFoundError { nodeId } } }'
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/)
  expect((await gql(herald, REVEAL, { id: webhook.id })).webhookRevealSecret).toEqual({ secret })
  const never = 'wh_00000000000000000000000000000000'
  expect((await gql(herald, REVEAL, { id: never })).webhookRevealSecret).toEqual({ nodeId: never })
  expect(herald.output()).not.toContain(secret)
  await removeAll()
})

it('tells the dispatchers once of each change of a webhook, and of none that changes nothing', async () => {
  const { webhook } = await create({ name: 'told', url: 'https://example.com/' })
  const redis = new Redis(inject('redisUrl'))
  const told: string[] = []
  redis.on('message', (_, text) => told.push(text))
  await redis.subscribe('herald:webhooks')
  const UPDATE =
    'mutation ($id: ID!, $input: WebhookUpdateInput!) { webhookUpdate(id: $id, input: $input) { __typename } }'
  const inputs = [{ name: 'new' }, { active: false }, { active: false }, { active: true }, { name: 'x', active: false }]
  for (const input of inputs) await gql(herald, UPDATE, { id: webhook.id, input })
  // The message of another webhook comes behind all of these.
  const { webhook: last } = await create({ name: 'last', url: 'https://example.com/' })
  await gql(herald, UPDATE, { id: last.id, input: { name: 'y' } })
  const of = (id: string) => told.filter((text) => text === JSON.stringify(id)).length
  await eventually(() => of(last.id) > 0, 'the last message')
  expect([of(webhook.id), of(last.id)]).toEqual([4, 1])
  redis.disconnect()
  await removeAll()
})

it('tries again by the schedule, then gives up; ONCE does not try again', async () => {
  const receiver = await startReceiver((response) => response.writeHead(500).end('no\0pe'))
  await create({ name: 'retry', url: receiver.url })
  await create({ name: 'once', url: receiver.url, deliveryPolicy: 'ONCE' })
  await gql(herald, AGENT)
  const DELIVERIES = `{ deliveries { nodes { status attemptCount nextAttemptAt completedAt webhook { name }
    attempts { number outcome responseStatus responseBody failure requestHeaders } } } }`
  const deliveries = await eventually(async () => {
    const { nodes } = (await gql(herald, DELIVERIES)).deliveries
    return nodes.every((node: any) => node.status !== 'PENDING') && nodes
  }, 'both given up')
  const of = (name: string) => deliveries.find((delivery: any) => delivery.webhook.name === name)
  expect(of('retry')).toMatchObject({ status: 'FAILED', attemptCount: 3, nextAttemptAt: null })
  expect(of('retry').attempts.map((attempt: any) => attempt.number)).toEqual([1, 2, 3])
  expect(of('once')).toMatchObject({ status: 'FAILED', attemptCount: 1 })
  expect(of('once').attempts[0]).toMatchObject({ outcome: 'REJECTED', responseStatus: 500, responseBody: 'no\0pe' })
  expect(receiver.received).toHaveLength(4)
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(1)
  await receiver.close()
  await removeAll()
})

it('owes an inactive webhook nothing, and one of other entities nothing of these', async () => {
  const receiver = await startReceiver()
  await create({ name: 'off', url: receiver.url, active: false })
  await create({ name: 'files', url: receiver.url, entities: ['CONTEXT_FILE'] })
  await create({ name: 'agents', url: receiver.url, entities: ['AGENT'] })
  await gql(herald, AGENT)
  await eventually(() => receiver.received.length > 0, 'the callback')
  const { nodes } = (await gql(herald, '{ deliveries { nodes { webhook { name } } } }')).deliveries
  expect(nodes).toEqual([{ webhook: { name: 'agents' } }])
  await receiver.close()
  await removeAll()
})

it('calls on for a neighbour while an endpoint hangs, and times the hanging one out', async () => {
  const hanging = await startReceiver(() => {})
  const healthy = await startReceiver()
  await create({ name: 'hanging', url: hanging.url, deliveryPolicy: 'ONCE' })
  await create({ name: 'healthy', url: healthy.url })
  for (let i = 0; i < 100; i++) await gql(herald, AGENT)
  await eventually(() => healthy.received.length === 100, 'all of the healthy one')
  const timedOut = await eventually(async () => {
    const { deliveries } = await gql(
      herald,
      '{ deliveries(status: FAILED) { nodes { attempts { outcome failure } } } }',
    )
    return deliveries.nodes[0]
  }, 'a time-out')
  expect(timedOut.attempts).toEqual([{ outcome: 'TIMED_OUT', failure: 'No complete response head within 500 ms' }])
  await Promise.all([hanging.close(), healthy.close()])
  await removeAll()
})
