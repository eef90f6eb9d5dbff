import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, gql, type Herald, settingEnv, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'

// What a client may do next. Indexes pick among what the clients have made; some of it is gone or never was.
const step = fc.oneof(
  fc.record({ do: fc.constant('create' as const), name: fc.stringMatching(/^[a-z]{1,8}$/) }),
  fc.record({ do: fc.constant('rename' as const), at: fc.nat(9), name: fc.constantFrom('same', 'other') }),
  fc.record({ do: fc.constant('delete' as const), at: fc.nat(9) }),
  fc.record({ do: fc.constant('invalid' as const) }),
  fc.record({ do: fc.constant('bulk' as const), at: fc.nat(9), bad: fc.boolean() }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

describe.each(['embedded', 'production'] as const)('the outbox on the %s setting', (setting) => {
  let herald: Herald
  beforeAll(async () => {
    herald = await startHerald(await settingEnv(setting))
  })
  afterAll(async () => {
    expect(await herald.kill('SIGTERM')).toBe(0)
  })

  it('calls back exactly what 8 clients at once committed, 1…n without a gap or a duplicate', async () => {
    const receiver = await startReceiver()
    await gql(herald, 'mutation ($url: String!) { webhookCreate(input: {url: $url}) { __typename } }', {
      url: receiver.url,
    })
    const committed: string[] = []

    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 8 }), { minLength: 8, maxLength: 8 }), async (clients) => {
        const contexts: string[] = []
        await Promise.all(clients.map((steps) => runClient(steps, contexts, committed)))
      }),
      { numRuns: 12 },
    )

    await eventually(() => receiver.received.length >= committed.length, 'all callbacks')
    const { deliveries } = await gql(herald, '{ deliveries(first: 1, status: PENDING) { nodes { id } } }')
    const seen = receiver.received.map(({ body }) => `${body.type} ${body.data.id}`)
    expect(seen.sort()).toEqual(committed.sort())
    const sequences = receiver.received.map(({ body }) => body.sequence).sort((a, b) => a - b)
    expect(sequences).toEqual(sequences.map((_, index) => index + 1))
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(committed.length)
    await eventually(async () => {
      const after = await gql(herald, '{ deliveries(first: 1, status: PENDING) { nodes { id } } }')
      return after.deliveries.nodes.length === 0
    }, `nothing pending any more, of ${deliveries.nodes.length}`)
    await receiver.close()
  })

  /** Does the steps one after the other and notes what the API said was changed. */
  async function runClient(steps: Step[], contexts: string[], committed: string[]): Promise<void> {
    for (const one of steps) {
      const id = 'at' in one ? (contexts[one.at] ?? 'ctx_00000000000000000000000000000000') : ''
      if (one.do === 'create') {
        const { contextCreate } = await gql(
          herald,
          'mutation ($name: String!) { contextCreate(input: {name: $name}) { ... on ContextCreateSuccess { context { id } } } }',
          { name: one.name },
        )
        contexts.push(contextCreate.context.id)
        committed.push(`context.created ${contextCreate.context.id}`)
      } else if (one.do === 'rename') {
        // Under the app's lock nobody comes between the two, so that whether it changed is known.
        const name = `${one.name}-${Math.random()}`
        const { contextUpdate } = await gql(herald, RENAME, { id, name })
        if (contextUpdate.context) committed.push(`context.updated ${id}`)
        else expect(contextUpdate.nodeId).toBe(id)
        const { events } = await gql(herald, '{ events(first: 1) { nodes { id } } }')
        expect(events.nodes.length).toBeLessThanOrEqual(1)
      } else if (one.do === 'delete') {
        const { contextDelete } = await gql(
          herald,
          'mutation ($id: ID!) { contextDelete(id: $id) { __typename ... on ContextDeleteSuccess { deletedId } } }',
          { id },
        )
        if (contextDelete.deletedId) committed.push(`context.deleted ${id}`)
      } else if (one.do === 'invalid') {
        const { contextCreate } = await gql(herald, 'mutation { contextCreate(input: {name: " "}) { __typename } }')
        expect(contextCreate.__typename).toBe('InvalidInputError')
      } else {
        const file = { contextId: id, name: 'f', mimeType: 'text/plain', documentContent: 'x' }
        const inputs = [file, { ...file, ...(one.bad && { contextId: 'ctx_ffffffffffffffffffffffffffffffff' }) }]
        const { contextFilesCreate } = await gql(
          herald,
          `mutation ($inputs: [ContextFileCreateInput!]!) { contextFilesCreate(inputs: $inputs)
            { __typename ... on ContextFilesCreateSuccess { contextFiles { id } } } }`,
          { inputs },
        )
        if (one.bad) expect(contextFilesCreate.__typename).toBe('NotFoundError')
        for (const { id } of contextFilesCreate.contextFiles ?? []) committed.push(`contextfile.created ${id}`)
      }
    }
  }
})

const RENAME = `mutation ($id: ID!, $name: String!) { contextUpdate(id: $id, input: {name: $name}) {
  ... on ContextUpdateSuccess { context { id } } ... on NotFoundError { nodeId } } }`
