import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWsClient } from 'graphql-ws'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { eventually, gql, type Herald, settingEnv, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'

const EVENTS = 'subscription { events { id name sequence data } }'

describe.each(['embedded', 'production'] as const)('on the %s setting', (setting) => {
  let herald: Herald
  let processes: Herald[]
  let receiver: Awaited<ReturnType<typeof startReceiver>>

  beforeEach(async () => {
    const env = await settingEnv(setting)
    receiver = await startReceiver()
    if (setting === 'embedded') processes = [await startHerald(env)]
    else processes = await Promise.all(['api', 'dispatcher'].map((role) => startHerald({ ...env, ROLES: role })))
    herald = processes[0] as Herald
  })
  afterEach(async () => {
    const codes = await Promise.all(processes.map((process) => process.kill('SIGTERM')))
    await receiver.close()
    expect(codes).toEqual(processes.map(() => 0))
  })

  it('turns mutations into verified callbacks and live events, in order', async () => {
    const headers = { 'x-api-key': herald.key }
    const sse = createSseClient({ url: herald.url, headers })
    const ws = createWsClient({
      url: herald.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: headers,
    })
    const live: Record<'sse' | 'ws', any[]> = { sse: [], ws: [] }
    const ends = (['sse', 'ws'] as const).map((name) => {
      const sink = { next: ({ data }: any) => live[name].push(data.events), error: () => {}, complete: () => {} }
      return name === 'sse' ? sse.subscribe({ query: EVENTS }, sink) : ws.subscribe({ query: EVENTS }, sink)
    })
    const { webhookCreate } = await gql(
      herald,
      'mutation ($url: String!) { webhookCreate(input: {url: $url}) { ... on WebhookCreateSuccess { secret webhook { id } } } }',
      { url: receiver.url },
    )
    // Both streams are open when both have seen the same probe.
    await eventually(async () => {
      await gql(
        herald,
        'mutation { contextCreate(input: {name: "probe"}) { ... on ContextCreateSuccess { context { id } } } }',
      )
      return live.sse.length > 0 && live.ws.length > 0
    }, 'both streams open')

    const { agentCreate } = await gql(
      herald,
      `mutation { agentCreate(input: {agentName: "Ann", agentPurpose: "p", formatting: "f", externalTenantId: "t-1"})
        { ... on AgentCreateSuccess { agent { id } } } }`,
    )
    const { id } = agentCreate.agent
    const update = (live: boolean) =>
      gql(herald, 'mutation ($id: ID!, $live: Boolean) { agentUpdate(id: $id, input: {live: $live}) { __typename } }', {
        id,
        live,
      })
    await update(true)
    await update(true)
    const { contextCreate } = await gql(
      herald,
      'mutation { contextCreate(input: {name: "c"}) { ... on ContextCreateSuccess { context { id } } } }',
    )
    const { contextFileCreate } = await gql(
      herald,
      `mutation ($id: ID!) { contextFileCreate(input: {contextId: $id, name: "Guide.pdf", mimeType: "application/pdf",
        sourceUrl: "https://example.com/g.pdf", autoPublish: true}) { ... on ContextFileCreateSuccess { contextFile { id } } } }`,
      { id: contextCreate.context.id },
    )
    await gql(
      herald,
      `mutation ($id: ID!) { contextFileReportStatus(id: $id, input: {status: READY_FOR_PUBLICATION}) { __typename } }`,
      { id: contextFileCreate.contextFile.id },
    )

    const expected = ['agent.created', 'agent.updated', 'context.created', 'contextfile.created', 'contextfile.updated']
    const { events } = await gql(herald, '{ events(first: 100) { nodes { id name sequence } } }')
    await eventually(() => receiver.received.length >= events.nodes.length, 'all callbacks')
    await eventually(
      () => live.sse.at(-1)?.name === expected.at(-1) && live.ws.at(-1)?.name === expected.at(-1),
      'streams',
    )
    expect(events.nodes.map((event: any) => event.sequence)).toEqual(events.nodes.map((_: any, i: number) => i + 1))
    expect(events.nodes.slice(-5).map((event: any) => event.name)).toEqual(expected)

    // Exactly the log: each event once, verified by both libraries over the bytes as they came.
    expect(receiver.received.map(({ body }) => body.id).sort()).toEqual(
      events.nodes.map((event: any) => event.id).sort(),
    )
    for (const { headers, text, body } of receiver.received) {
      const signed = headers as Record<string, string>
      expect(new StandardWebhook(webhookCreate.secret).verify(text, signed)).toEqual(body)
      // Svix's gives nothing back; it throws where it does not agree.
      expect(() => new SvixWebhook(webhookCreate.secret).verify(text, signed)).not.toThrow()
      expect(() => new SvixWebhook(webhookCreate.secret).verify(`${text} `, signed)).toThrow()
      expect(signed['webhook-id']).toBe(body.id)
      expect(signed['content-type']).toBe('application/json')
      expect(signed['user-agent']).toMatch(/^Herald\/\d/)
      expect(signed['herald-attempt']).toBe('1')
      expect(signed['herald-delivery']).toMatch(/^dlv_/)
      expect(() => new StandardWebhook(webhookCreate.secret).verify(`${text} `, signed)).toThrow()
    }
    const published = receiver.received.find(({ body }) => body.type === 'contextfile.updated')
    expect(published?.body).toMatchObject({ changed: ['status'], data: { status: 'published', name: 'Guide.pdf' } })
    expect(published?.body.data).not.toHaveProperty('documentContent')

    // Both streams: in sequence, without a gap, from where they began.
    for (const stream of [live.sse, live.ws]) {
      const from = stream[0].sequence
      expect(stream.map((event) => event.sequence)).toEqual(stream.map((_, index) => from + index))
      expect(stream.slice(-5).map((event) => event.name)).toEqual(expected)
    }
    for (const end of ends) end()
    sse.dispose()
    await ws.dispose()
  })
})
