import { readFileSync } from 'node:fs'
import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { herald as command, eventually, gql, type Herald, raw, settingEnv, sql, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'
import { openSocket } from './support/ws.ts'

// Walks every place of the real schema that takes an id, and every cursor, with one app's key and another app's ids.
const schema = buildSchema(readFileSync('schema/schema.graphql', 'utf8'))
const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()] as GraphQLObjectType[]

const kinds = {
  App: 'app',
  ApiKey: 'key',
  Agent: 'agt',
  Context: 'ctx',
  ContextFile: 'file',
  Webhook: 'wh',
  Event: 'evt',
  Delivery: 'dlv',
} as const
type Kind = keyof typeof kinds
const every = Object.keys(kinds) as Kind[]
const randomId = (kind: Kind) => `${kinds[kind]}_${crypto.randomUUID().replaceAll('-', '')}`

/** A place that takes an id: a path into the arguments of a field. */
interface Place {
  root: GraphQLObjectType
  field: GraphQLField<unknown, unknown>
  path: string[]
}

function places(): Place[] {
  return roots.flatMap((root) =>
    Object.values(root.getFields()).flatMap((field) =>
      field.args.flatMap((arg) => idPaths(arg).map((path) => ({ root, field, path }))),
    ),
  )
}

function idPaths({ name, type }: GraphQLArgument | GraphQLInputField, within: GraphQLNamedType[] = []): string[][] {
  const named = getNamedType(type)
  if (named.name === 'ID') return [[name]]
  if (!isInputObjectType(named) || within.includes(named)) return []
  const inner = Object.values(named.getFields()).flatMap((field) => idPaths(field, [...within, named]))
  return inner.map((path) => [name, ...path])
}

/** Which kinds of id belong there. What is not known here fails the test: say it, so that it is walked. */
function kindsAt({ root, field, path }: Place): Kind[] {
  const last = path.at(-1) as string
  if (last === 'id' && field.name === 'node') return every
  if (last === 'targetId') return every
  const named = { contextId: 'Context', contextIds: 'Context', webhookId: 'Webhook', keyId: 'ApiKey' } as const
  if (last in named) return [named[last as keyof typeof named]]
  const owner = root === schema.getMutationType() ? field.name.replace(/[A-Z][a-z]+$/, '') : field.name
  const kind = every.find((name) => name === `${owner[0]?.toUpperCase()}${owner.slice(1)}`)
  const special = { contextFileReport: 'ContextFile', webhookReveal: 'Webhook', webhookRotate: 'Webhook' } as const
  const found = kind ?? special[owner as keyof typeof special]
  if (last === 'id' && found) return [found]
  throw new Error(`the walker does not know whose id ${root.name}.${field.name} takes at ${path.join('.')}`)
}

/** Values that pass validation, for what a call must give beside the id; and what it must give though it may be left out. */
const values: Record<string, unknown> = {
  mimeType: 'text/plain',
  documentContent: 'x',
  url: 'https://example.com/',
  since: '2020-01-01T00:00:00.000Z',
}
const alsoGive = new Set(['ContextFileCreateInput.documentContent'])

/** What is given for `type`, with the id at `path` and the caller's own ids wherever else one must be. */
function valueFor(name: string, type: GraphQLInputType, path: string[] | null, id: string, own: Ids): unknown {
  const inner = getNullableType(type)
  if (isListType(inner)) return [valueFor(name, inner.ofType, path, id, own)]
  const named = getNamedType(inner)
  if (named.name === 'ID') return path ? id : own[/context/i.test(name) ? 'Context' : 'Webhook']
  if (isInputObjectType(named)) {
    const given = Object.values(named.getFields()).filter(
      (field) => isNonNullType(field.type) || path?.[0] === field.name || alsoGive.has(`${named.name}.${field.name}`),
    )
    const rest = (field: GraphQLInputField) => (path?.[0] === field.name ? path.slice(1) : null)
    return Object.fromEntries(
      given.map((field) => [field.name, valueFor(field.name, field.type, rest(field), id, own)]),
    )
  }
  if (isEnumType(named)) return named.getValues()[0]?.name
  if (name in values) return values[name]
  if (named.name === 'String') return 'x'
  throw new Error(`the walker does not know what to give for ${name}: ${named.name}`)
}

/** A document that calls the field, its arguments as variables. */
function call(
  { root, field, path }: Place,
  id: string,
  own: Ids,
): { query: string; variables: Record<string, unknown> } {
  const given = field.args.filter((arg) => isNonNullType(arg.type) || arg.name === path[0])
  const variables = Object.fromEntries(
    given.map((arg) => {
      if (arg.name === path[0]) return [arg.name, valueFor(arg.name, arg.type, path.slice(1), id, own)]
      // The object that is changed is the caller's own, so that what is asked of the place itself is asked.
      const kind = arg.name === 'id' ? kindsAt({ root, field, path: ['id'] })[0] : undefined
      return [arg.name, kind ? own[kind] : valueFor(arg.name, arg.type, null, id, own)]
    }),
  )
  const head = given.map((arg) => `$${arg.name}: ${arg.type}`).join(', ')
  const args = given.map((arg) => `${arg.name}: $${arg.name}`).join(', ')
  const operation = root.name.toLowerCase()
  return { query: `${operation} (${head}) { ${field.name}(${args}) ${select(field.type, 3)} }`, variables }
}

/** Everything that can be asked without an argument, `depth` objects deep; of lists with pages two rows. */
function select(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type)
  if (isLeafType(named)) return ''
  if (isAbstractType(named)) {
    const members = schema.getPossibleTypes(named)
    const typesOf = (name: string) => new Set(members.flatMap((one) => one.getFields()[name]?.type.toString() ?? []))
    const parts = members.map(
      (member) => `... on ${member.name} { ${fields(member, depth, (name) => typesOf(name).size === 1)} }`,
    )
    return `{ __typename ${parts.join(' ')} }`
  }
  return `{ ${fields(named as GraphQLObjectType, depth)} }`
}

function fields(type: GraphQLObjectType, depth: number, may: (name: string) => boolean = () => true): string {
  const parts = Object.values(type.getFields())
    .filter((field) => may(field.name) && !field.args.some((arg) => isNonNullType(arg.type)))
    .flatMap((field) => {
      if (isLeafType(getNamedType(field.type))) return [field.name]
      const page = field.args.some(({ name }) => name === 'first') ? '(first: 2)' : ''
      return depth > 1 ? [`${field.name}${page} ${select(getNamedType(field.type), depth - 1)}`] : []
    })
  return ['__typename', ...parts].join(' ')
}

type Ids = Record<Kind, string>
let env: Record<string, string>
let one: Herald
let two: Herald
let receiver: Awaited<ReturnType<typeof startReceiver>>
let ofOne: Ids
let ofTwo: Ids

beforeAll(async () => {
  env = await settingEnv('production')
  receiver = await startReceiver()
  const appId = (await command(env, 'app', 'create', '--name', 'Two')).out
  // An app that is there already: a bootstrap key would be made for an empty database alone.
  const oneId = (await command(env, 'app', 'create', '--name', 'planted-one')).out
  const key = async (app: string) =>
    (await command(env, 'key', 'create', '--app', app, '--name', 'k', '--scopes', 'ADMIN')).out
  const keys = [await key(oneId), await key(appId)]
  one = await startHerald({ ...env, RATE_LIMIT_PER_MIN: '0' })
  two = { ...one, key: keys[1] as string }
  one = { ...one, key: keys[0] as string }
  ofOne = await furnish(one, 'planted-one')
  ofTwo = await furnish(two, 'two')
})
afterAll(async () => {
  await receiver.close()
  expect(await one.kill('SIGTERM')).toBe(0)
})

/** One of everything, in the app of the key. */
async function furnish(herald: Herald, name: string): Promise<Ids> {
  const made = async (mutation: string) =>
    Object.values((await gql(herald, `mutation { ${mutation} }`)) as any)[0] as any
  const url = `${receiver.url}?of=${name}`
  const { webhook } = await made(
    `webhookCreate(input: {url: "${url}", name: "${name}"}) { ... on WebhookCreateSuccess { webhook { id } } }`,
  )
  const { context } = await made(
    `contextCreate(input: {name: "${name}"}) { ... on ContextCreateSuccess { context { id } } }`,
  )
  const { contextFile } = await made(
    `contextFileCreate(input: {contextId: "${context.id}", name: "${name}", mimeType: "text/plain", documentContent: "${name}"}) { ... on ContextFileCreateSuccess { contextFile { id } } }`,
  )
  const { agent } = await made(
    `agentCreate(input: {agentName: "${name}", agentPurpose: "p", formatting: "f", contextIds: ["${context.id}"]}) { ... on AgentCreateSuccess { agent { id } } }`,
  )
  const { app, apiKeys, events, deliveries } = await eventually(async () => {
    const all = await gql(
      herald,
      '{ app { id } apiKeys { id } events { nodes { id } } deliveries { nodes { id status } } }',
    )
    return (
      all.deliveries.nodes.length === 3 && all.deliveries.nodes.every((one: any) => one.status === 'SUCCEEDED') && all
    )
  }, 'all delivered')
  return {
    App: app.id,
    ApiKey: apiKeys[0].id,
    Agent: agent.id,
    Context: context.id,
    ContextFile: contextFile.id,
    Webhook: webhook.id,
    Event: events.nodes[0].id,
    Delivery: deliveries.nodes[0].id,
  }
}

/** An answer with the id that was asked for made unrecognisable, and times that pass. */
const normal = (answer: unknown, id: string) =>
  JSON.stringify(answer)
    .replaceAll(id, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')

/** Every row of the app's, as the database has it; not when its key was last used, nor what was delivered meanwhile. */
async function snapshot(appId: string): Promise<string> {
  const tables = [
    'App',
    'ApiKey',
    'Agent',
    'AgentContext',
    'Context',
    'ContextFile',
    'Webhook',
    'WebhookSecret',
    'Event',
    'Delivery',
    'Replay',
    'AuditEntry',
  ]
  const rows = await Promise.all(
    tables.map((table) =>
      sql(
        env,
        `SELECT to_jsonb(t) - 'lastUsedAt' AS row FROM "${table}" t WHERE "${table === 'App' ? 'id' : 'appId'}" = $1 ORDER BY 1`,
        [appId],
      ),
    ),
  )
  return JSON.stringify(rows)
}

const all = places()
const requests = all.filter(({ root }) => root !== schema.getSubscriptionType())
const named = (found: Place[]) =>
  found.map((place) => [`${place.root.name}.${place.field.name} at ${place.path.join('.')}`, place] as const)

it('walks every place that takes an id', () => {
  expect(all.length).toBeGreaterThan(25)
  for (const place of all) expect(kindsAt(place).length).toBeGreaterThan(0)
  // Ids given to fields of objects are not walked: there are none, and a new one must teach the walker.
  const nested = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !roots.includes(type)
      ? Object.values(type.getFields()).flatMap((field) =>
          field.args.flatMap((arg) => idPaths(arg).map(() => `${type.name}.${field.name}`)),
        )
      : [],
  )
  expect(nested).toEqual([])
})

describe("another app's id is answered as an id that never was", () => {
  it.each(named(requests))('%s', async (_name, place) => {
    const before = await snapshot(ofOne.App)
    for (const kind of kindsAt(place)) {
      const ask = async (id: string) => {
        const { query, variables } = call(place, id, ofTwo)
        return normal(await raw(two, query, variables), id)
      }
      const [foreign, never] = [await ask(ofOne[kind]), await ask(randomId(kind))]
      expect(foreign).toBe(never)
      expect(foreign).not.toContain('planted-one')
      for (const id of Object.values(ofOne)) expect(foreign).not.toContain(id)
      // The document itself is right: nothing was refused for its form.
      expect(foreign).not.toMatch(
        /GRAPHQL_VALIDATION_FAILED|LIMIT_EXCEEDED|INTERNAL_SERVER_ERROR|Cannot query field|Variable "/,
      )
    }
    expect(await snapshot(ofOne.App)).toBe(before)
  })
})

describe('an own id is answered otherwise, so that the walk means something', () => {
  // Last of all, for it changes and deletes: what takes what is needed by others comes at the end.
  const order = (name: string) => (/delete|revoke/i.test(name) ? (/context/.test(name) ? 2 : 1) : 0)
  const sorted = named(requests).toSorted(([, a], [, b]) => order(a.field.name) - order(b.field.name))
  it.each(sorted)('%s', async (_name, place) => {
    const own = { ...ofTwo, Context: ofTwo.Context }
    let different = 0
    for (const kind of kindsAt(place)) {
      const ask = async (id: string) => {
        const { query, variables } = call(place, id, own)
        return normal(await raw(two, query, variables), id)
      }
      const never = await ask(randomId(kind))
      if ((await ask(ofTwo[kind])) !== never) different++
    }
    // Of the audit log's targets only what was audited is there; everywhere else each kind is.
    expect(different).toBeGreaterThan(place.path.includes('targetId') ? 3 : kindsAt(place).length - 1)
  })
})

describe("a cursor of another app's leads to nothing of it", () => {
  const lists = roots.flatMap((root) =>
    Object.values(root.getFields())
      .filter((field) => root === schema.getQueryType() && field.args.some(({ name }) => name === 'after'))
      .map((field) => [field.name, field] as const),
  )
  const nested = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !roots.includes(type)
      ? Object.values(type.getFields())
          .filter((field) => field.args.some(({ name }) => name === 'after'))
          .map((field) => [type.name, field.name] as const)
      : [],
  )

  it.each(lists)('%s', async (_name, field) => {
    const page = async (herald: Herald, after?: string) =>
      (
        await gql(
          herald,
          `query ($after: String) { ${field.name}(first: 100, after: $after) { edges { cursor node ${select(edgeNode(field), 2)} } } }`,
          { after },
        )
      )[field.name]
    const { edges } = await page(one)
    const mine = new Set((await page(two)).edges.map(({ node }: any) => JSON.stringify(node)))
    expect(edges.length).toBeGreaterThan(0)
    for (const { cursor } of edges) {
      for (const { node } of (await page(two, cursor)).edges) {
        // A list that the walk itself makes longer (the audit log) still holds nothing of the other's.
        if (field.name !== 'auditLog') expect(mine).toContain(JSON.stringify(node))
        for (const id of Object.values(ofOne)) expect(JSON.stringify(node)).not.toContain(id)
      }
    }
  })

  it.each(nested)('%s.%s', async (type, name) => {
    const id = ofTwo[type as Kind]
    expect(id, 'a type that the walker has none of').toBeDefined()
    const ask = (herald: Herald, node: string, after: string | null) =>
      gql(
        herald,
        `query ($id: ID!, $after: String) { node(id: $id) { ... on ${type} { ${name}(first: 100, after: $after) { edges { cursor node { id } } } } } }`,
        { id: node, after },
      )
    const { node } = await ask(one, ofOne[type as Kind], null)
    for (const { cursor } of node[name].edges) {
      const text = JSON.stringify(await ask(two, id, cursor))
      for (const foreign of Object.values(ofOne)) expect(text).not.toContain(foreign)
    }
  })

  const edgeNode = (field: GraphQLField<unknown, unknown>) => {
    const connection = getNamedType(field.type) as GraphQLObjectType
    const edge = getNamedType(connection.getFields().edges?.type as GraphQLOutputType) as GraphQLObjectType
    return edge.getFields().node?.type as GraphQLOutputType
  }
})

it('a subscription is told nothing of another app, whatever ids and cursors it is given', async () => {
  const socket = await openSocket(two.url, { key: two.key })
  const { events } = await gql(one, '{ events(first: 1) { edges { cursor } } }')
  const variants: [id: string, query: string, variables: Record<string, unknown>][] = []
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const ids = all.filter((place) => place.field === field)
    for (const place of ids) {
      for (const [whose, id] of [
        ['foreign', ofOne],
        ['never', null],
      ] as const) {
        const { query, variables } = call(
          place,
          id?.[kindsAt(place)[0] as Kind] ?? randomId(kindsAt(place)[0] as Kind),
          ofTwo,
        )
        variants.push([`${whose} ${field.name} ${place.path.join('.')}`, query, variables])
      }
    }
    variants.push([`all ${field.name}`, `subscription { ${field.name} ${select(getNamedType(field.type), 2)} }`, {}])
    const after = field.args.some(({ name }) => name === 'after')
    if (after) {
      variants.push([
        `after ${field.name}`,
        `subscription ($after: String) { ${field.name}(after: $after) ${select(getNamedType(field.type), 2)} }`,
        { after: events.edges[0].cursor },
      ])
    }
  }
  const received = new Map<string, any[]>(variants.map(([id]) => [id, []]))
  socket.socket.on('message', (data) => {
    const { id, payload, type } = JSON.parse(String(data))
    received.get(id)?.push({ type, payload })
  })
  for (const [id, query, variables] of variants) socket.send({ id, type: 'subscribe', payload: { query, variables } })

  const change = (herald: Herald, name: string) =>
    gql(
      herald,
      `mutation { contextCreate(input: {name: "${name}"}) { ... on ContextCreateSuccess { context { id } } } }`,
    )
  await gql(two, `mutation ($url: String!) { webhookCreate(input: {url: $url}) { __typename } }`, { url: receiver.url })
  // Until every unfiltered stream has seen a change of its own app that came after the other's.
  let count = 0
  await eventually(async () => {
    await change(one, `planted-one ${count}`)
    await change(two, `own ${count++}`)
    return [...received].every(
      ([id, messages]) => id.startsWith('foreign') || id.startsWith('never') || messages.length > 2,
    )
  }, 'live messages')
  for (const [id, messages] of received) {
    const text = JSON.stringify(messages)
    expect([id, text.includes('planted-one'), text.includes(ofOne.App)]).toEqual([id, false, false])
    for (const foreign of Object.values(ofOne)) expect(text).not.toContain(foreign)
    if (!id.startsWith('foreign')) continue
    const never = received.get(id.replace('foreign', 'never'))
    expect(JSON.stringify(messages).replaceAll(/\w+_[0-9a-f]{32}/g, '<id>')).toBe(
      JSON.stringify(never).replaceAll(/\w+_[0-9a-f]{32}/g, '<id>'),
    )
  }
  socket.socket.close()
})
