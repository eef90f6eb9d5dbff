import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { buildSchema, getIntrospectionQuery, getOperationAST, Kind, print, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCost } from '../../src/graphql/cost.ts'
import { limits, parseWithin } from '../../src/graphql/limits.ts'

const schema = buildSchema(readFileSync('schema/schema.graphql', 'utf8'))
const sizes = {
  'Agent.contexts': 30,
  'ContextFilesCreateSuccess.contextFiles': 500,
  'Delivery.attempts': 8,
  'Event.deliveries': 50,
  'InvalidInputError.issues': 1,
  'Query.apiKeys': 500,
  'WebhookHealth.buckets': 168,
}
const costOf = createCost(schema, sizes)
const cost = (query: string, variables?: object) => {
  const document = parseWithin(query)
  const operation = getOperationAST(document)
  if (!operation) throw new Error('no operation')
  return costOf(document, operation, variables as never)
}

describe('the cost of an operation', () => {
  it.each([
    ['{ app { id name } }', 1],
    ['{ agents { nodes { id } } }', 1 + 20],
    [
      '{ agents(first: 3) { nodes { id } edges { cursor node { id } } pageInfo { endCursor } totalCount } }',
      1 + 3 + 6 + 1 + 1,
    ],
    ['{ agents(first: 3) { nodes { contexts { id } } } }', 1 + 3 * 31],
    ['{ agents(first: 0) { nodes { contexts { id } } } }', 1],
    ['{ agents(first: -7) { nodes { id } } }', 101],
    ['{ agents(first: 101) { nodes { id } } }', 101],
    ['{ agents(first: null) { nodes { id } } }', 21],
    ['{ deliveries(first: 2) { nodes { webhook { id } event { id } attempts { number } } } }', 1 + 2 * 11],
    ['{ a: app { id } b: app { id } ...f } fragment f on Query { app { id } }', 3],
    ['{ node(id: "x") { id ... on Agent { contexts { id } } } }', 1 + 30],
    ['mutation { agentDelete(id: "x") { ... on AgentDeleteSuccess { deletedId } } }', 10 + 1],
    ['subscription { events { id } }', 1],
  ])('%s: %i', (query, expected) => expect(cost(query)).toBe(expected))

  it('follows variables and their defaults, and takes what is no page for a full one', () => {
    const query = 'query ($n: Int = 5) { agents(first: $n) { nodes { id } } }'
    expect([undefined, {}, { n: 7 }, { n: null }].map((variables) => cost(query, variables))).toEqual([6, 6, 8, 21])
    for (const n of [-1, 1e9, 'x', Number.NaN, [3], { valueOf: 3 }]) expect(cost(query, { n })).toBe(101)
    const create = 'mutation ($x: [ContextFileCreateInput!]!) { contextFilesCreate(inputs: $x) { __typename } }'
    expect(cost(create, { x: Array(500).fill({}) })).toBe(511)
  })

  it('counts a fragment with the page that it is spread in', () => {
    const query = `{ a: agents(first: 2) { ...p } b: agents(first: 5) { ...p } } fragment p on AgentConnection { nodes { id } }`
    expect(cost(query)).toBe(1 + 2 + 1 + 5)
  })

  it('is known of every list: a new one must be given a size', () => {
    for (const missing of Object.keys(sizes)) {
      const { [missing as keyof typeof sizes]: _, ...rest } = sizes
      expect(() => createCost(schema, rest)).toThrow(`no size is known of these lists: ${missing}`)
    }
  })
})

it('lets pass what the console and the tests ask, and introspection', () => {
  const files = readdirSync('schema/operations').map((name) => readFileSync(`schema/operations/${name}`, 'utf8'))
  const all = parseAll(files.join('\n'))
  for (const operation of all.operations) {
    const source = [operation, ...all.fragments].map(print).join('\n')
    expect(cost(source), operation.name?.value).toBeLessThanOrEqual(limits.cost / 2)
  }
  expect(cost(getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }))).toBeLessThanOrEqual(
    limits.cost / 1.5,
  )
})

it('never costs more to look at than its text: whatever is parsed within the limits is validated without giving up', () => {
  const names = ['app', 'agents', 'nodes', 'contexts', 'files', 'id', '__typename', 'edges', 'node']
  const selection = fc.letrec<{ set: string }>((tie) => ({
    set: fc
      .array(
        fc.oneof(
          { maxDepth: 6 },
          fc.constantFrom(...names),
          fc.tuple(fc.constantFrom(...names), tie('set')).map(([name, set]) => `${name} ${set}`),
          fc.constantFrom('...a', '...b', '... on Query { app { id } }'),
        ),
        { minLength: 1, maxLength: 6 },
      )
      .map((parts) => `{ ${parts.join(' ')} }`),
  })).set
  fc.assert(
    fc.property(selection, selection, selection, (one, two, three) => {
      const source = `${one} fragment a on Query ${two} fragment b on Agent ${three}`
      let document: ReturnType<typeof parseWithin>
      try {
        document = parseWithin(source)
      } catch (error) {
        expect((error as Error).message).toMatch(/holds itself|A document may|A selection may/)
        return
      }
      const messages = validate(schema, document, undefined, { maxErrors: 1000 }).map(({ message }) => message)
      expect(messages).not.toContain('Validation aborted.')
      expect(Number.isFinite(cost(source))).toBe(true)
    }),
    { numRuns: 500 },
  )
})

function parseAll(source: string) {
  const fragments = new Map(
    definitions(source).flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [])),
  )
  return {
    operations: definitions(source).filter((node) => node.kind === Kind.OPERATION_DEFINITION),
    fragments: [...fragments.values()],
  }
}

function definitions(source: string) {
  // Each file by itself is within the limits; all together need not be.
  return source
    .split(/^(?=query|mutation|subscription|fragment)/m)
    .filter((part) => part.trim() !== '')
    .flatMap((part) => parseWithin(part).definitions)
}
