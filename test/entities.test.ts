import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { type Herald, settingEnv, startHerald } from './support/herald.ts'

let herald: Herald
beforeAll(async () => {
  herald = await startHerald({ ...(await settingEnv('production')), ROLES: 'api' })
})
afterAll(async () => {
  expect(await herald.kill('SIGTERM')).toBe(0)
})

const agent = { agentName: 'Ann', agentPurpose: 'p', formatting: 'f' }
const NEVER = 'ctx_00000000000000000000000000000000'

const createAgent = async (input: object = {}) =>
  (await run(herald, api.AgentCreateDocument, { input: { ...agent, ...input } })).agentCreate
const createContext = async (input: object = {}) =>
  (await run(herald, api.ContextCreateDocument, { input: { name: 'c', ...input } })).contextCreate
const createFile = async (input: object) =>
  (
    await run(herald, api.ContextFileCreateDocument, {
      input: { contextId: NEVER, name: 'f', mimeType: 'text/plain', documentContent: 'x', ...input },
    })
  ).contextFileCreate
const contextId = async (input: object = {}): Promise<string> => {
  const made = await createContext(input)
  if (made.__typename !== 'ContextCreateSuccess') throw new Error(made.message)
  return made.context.id
}
/** Names of the events since the log had `from` of them. */
const eventNames = async (from = 0): Promise<string[]> => {
  const { events } = await run(herald, api.EventsDocument, { first: 100, after: cursor(from) })
  return events.nodes.map((event) => event.name)
}
const cursor = (sequence: number) => Buffer.from(`sequence:${sequence}`).toString('base64url')
const eventCount = async () => {
  let last = 0
  for (;;) {
    const { events } = await run(herald, api.EventsDocument, { first: 100, after: cursor(last) })
    const newest = events.nodes.at(-1)
    if (!newest) return last
    last = newest.sequence
  }
}

/** An answer as what a client acts on: its type and the paths that are named. */
const faultOf = (answer: { __typename: string; issues?: { path: string[] }[]; nodeId?: string }) =>
  answer.issues ? answer.issues.map(({ path }) => path.join('.')) : (answer.nodeId ?? answer.__typename)

describe('every limit of the contract', () => {
  const edges: [string, number, boolean][] = [
    ['agentName', 50, true],
    ['agentPurpose', 1000, true],
    ['formatting', 500, true],
    ['agentPersonality', 500, false],
    ['agentPolicyRules', 500, false],
    ['iceBreakerMessage', 1000, false],
  ]
  it.each(edges)('an agent: %s has at most %i characters', async (field, max, required) => {
    const before = await eventCount()
    expect((await createAgent({ [field]: '😀'.repeat(max) })).__typename).toBe('AgentCreateSuccess')
    expect(faultOf(await createAgent({ [field]: '😀'.repeat(max + 1) }))).toEqual([`input.${field}`])
    const empty = faultOf(await createAgent({ [field]: '' }))
    expect(empty).toEqual(required ? [`input.${field}`] : 'AgentCreateSuccess')
    expect(await eventCount()).toBe(before + (required ? 1 : 2))
  })

  it('an agent: tags, tenants, contexts', async () => {
    const tags = Array.from({ length: 10 }, (_, i) => `t${i}`)
    expect((await createAgent({ tags })).__typename).toBe('AgentCreateSuccess')
    expect(faultOf(await createAgent({ tags: [...tags, 'more'] }))).toEqual(['input.tags'])
    expect((await createAgent({ externalTenantId: 'Aa0_-'.repeat(20) })).__typename).toBe('AgentCreateSuccess')
    for (const bad of ['', 'a b', 'ä', 'x'.repeat(101)]) {
      expect(faultOf(await createAgent({ externalTenantId: bad }))).toEqual(['input.externalTenantId'])
    }
    expect(faultOf(await createAgent({ contextIds: [NEVER] }))).toBe(NEVER)
    const ids = await Promise.all(Array.from({ length: 31 }, () => contextId()))
    expect((await createAgent({ contextIds: ids.slice(0, 30) })).__typename).toBe('AgentCreateSuccess')
    expect(faultOf(await createAgent({ contextIds: ids }))).toEqual(['input.contextIds'])
    expect(faultOf(await createAgent({ contextIds: [ids[0], ids[0]] }))).toEqual(['input.contextIds'])
  })

  it('a context: name, description, external id', async () => {
    expect((await createContext({ name: 'n'.repeat(100), description: 'd'.repeat(100) })).__typename).toBe(
      'ContextCreateSuccess',
    )
    expect(faultOf(await createContext({ name: 'n'.repeat(101), description: 'd'.repeat(101) }))).toEqual([
      'input.name',
      'input.description',
    ])
    expect((await createContext({ externalId: 'x-1' })).__typename).toBe('ContextCreateSuccess')
    expect(faultOf(await createContext({ externalId: 'x-1' }))).toEqual(['input.externalId'])
  })

  it('a file: content, kind, source, labels', async () => {
    const id = await contextId()
    const make = (input: object) => createFile({ contextId: id, ...input })
    expect((await make({ documentContent: 'x'.repeat(100_000) })).__typename).toBe('ContextFileCreateSuccess')
    expect(faultOf(await make({ documentContent: 'x'.repeat(100_001) }))).toEqual(['input.documentContent'])
    expect(faultOf(await make({ sourceUrl: 'https://example.com/' }))).toEqual(['input.sourceUrl'])
    expect(faultOf(await make({ documentContent: null }))).toEqual(['input.sourceUrl'])
    expect(faultOf(await make({ documentContent: null, sourceUrl: 'file:///etc/passwd' }))).toEqual(['input.sourceUrl'])
    expect(faultOf(await make({ mimeType: 'image/png' }))).toEqual(['input.mimeType'])
    expect(faultOf(await make({ name: '', labels: Array(11).fill('l') }))).toEqual(['input.name', 'input.labels'])
    expect(faultOf(await make({ name: 'nul\0' }))).toEqual(['input.name'])
    expect(faultOf(await createFile({}))).toBe(NEVER)
    for (const mimeType of ['video/mp4', 'audio/mpeg', 'application/pdf', 'text/html', 'application/zip']) {
      expect((await make({ mimeType, documentContent: null, sourceUrl: 'https://example.com/a' })).__typename).toBe(
        'ContextFileCreateSuccess',
      )
    }
  })
})

it('makes up to 500 files, all or none', async () => {
  const id = await contextId({ externalTenantId: 't-1' })
  const file = { contextId: id, name: 'f', mimeType: 'text/plain', documentContent: 'x' }
  const bulk = async (inputs: (typeof file & { externalId?: string })[]) =>
    (await run(herald, api.ContextFilesCreateDocument, { inputs })).contextFilesCreate
  const before = await eventCount()
  expect(faultOf(await bulk([]))).toEqual(['inputs'])
  expect(faultOf(await bulk(Array(501).fill(file)))).toEqual(['inputs'])
  expect(faultOf(await bulk([file, { ...file, name: '' }, { ...file, mimeType: 'x' }]))).toEqual([
    'inputs.1.name',
    'inputs.2.mimeType',
  ])
  expect(
    faultOf(
      await bulk([
        { ...file, externalId: 'e' },
        { ...file, externalId: 'e' },
      ]),
    ),
  ).toEqual(['inputs.1.externalId'])
  expect(await eventCount()).toBe(before)
  const names = Array.from({ length: 500 }, (_, i) => `file ${i}`)
  const made = await bulk(names.map((name) => ({ ...file, name })))
  if (made.__typename !== 'ContextFilesCreateSuccess') throw new Error(made.message)
  expect(made.contextFiles.map((one) => one.name)).toEqual(names)
  expect(new Set(made.contextFiles.map((one) => one.externalTenantId))).toEqual(new Set(['t-1']))
  expect(await eventCount()).toBe(before + 500)
})

it('emits what an update changed, and nothing for one that changes nothing', async () => {
  const id = await contextId({ name: 'old', description: 'd' })
  const from = await eventCount()
  const update = async (input: object) => {
    const { contextUpdate } = await run(herald, api.ContextUpdateDocument, { id, input })
    return contextUpdate.__typename === 'ContextUpdateSuccess' ? contextUpdate.context : contextUpdate.__typename
  }
  const unchanged = await update({ name: 'old', description: 'd' })
  expect(await update({})).toEqual(unchanged)
  expect(await eventNames(from)).toEqual([])
  expect(await update({ name: 'new', description: null })).toMatchObject({ name: 'new', description: null })
  expect(await update({ name: null })).toBe('InvalidInputError')
  const { events } = await run(herald, api.EventsDocument, { after: cursor(from) })
  expect(events.nodes.map(({ sequence, changed, entityId }) => ({ sequence, changed, entityId }))).toEqual([
    { sequence: from + 1, changed: ['name', 'description'], entityId: id },
  ])
})

it('follows a file from ACCEPTED to PUBLISHED', async () => {
  const id = await contextId()
  const make = async (autoPublish: boolean) => {
    const made = await createFile({ contextId: id, autoPublish })
    if (made.__typename !== 'ContextFileCreateSuccess') throw new Error(made.message)
    expect(made.contextFile.status).toBe('ACCEPTED')
    return made.contextFile.id
  }
  const report = async (id: string, status: api.ContextFileStatus, statusReason?: string) => {
    const { contextFileReportStatus: answer } = await run(herald, api.ContextFileReportStatusDocument, {
      id,
      input: { status, statusReason },
    })
    return answer.__typename === 'ContextFileReportStatusSuccess'
      ? [answer.contextFile.status, answer.contextFile.statusReason]
      : faultOf(answer)
  }
  const [byHand, byItself] = [await make(false), await make(true)]
  const from = await eventCount()
  expect(await report(byHand, 'FAIL', 'unreadable')).toEqual(['FAIL', 'unreadable'])
  expect(await report(byHand, 'READY_FOR_PUBLICATION')).toEqual(['READY_FOR_PUBLICATION', null])
  expect(await report(byHand, 'READY_FOR_PUBLICATION')).toEqual(['READY_FOR_PUBLICATION', null])
  expect(await report(byHand, 'PUBLISHED')).toEqual(['PUBLISHED', null])
  expect(await report(byItself, 'READY_FOR_PUBLICATION')).toEqual(['PUBLISHED', null])
  expect(await eventNames(from)).toEqual(Array(4).fill('contextfile.updated'))
  expect(await report('file_00000000000000000000000000000000', 'FAIL')).toBe('file_00000000000000000000000000000000')
})

it('refuses to delete a context that holds files, and takes an empty one out of its agents', async () => {
  const id = await contextId()
  const made = await createFile({ contextId: id })
  const remove = async () => (await run(herald, api.ContextDeleteDocument, { id })).contextDelete
  expect(await remove()).toMatchObject({ __typename: 'ContextNotEmptyError', fileCount: 1 })
  if (made.__typename !== 'ContextFileCreateSuccess') throw new Error(made.message)
  await run(herald, api.ContextFileDeleteDocument, { id: made.contextFile.id })
  const user = await createAgent({ contextIds: [id] })
  if (user.__typename !== 'AgentCreateSuccess') throw new Error(user.message)
  expect(user.agent.contexts).toEqual([{ id, name: 'c' }])
  const from = await eventCount()
  expect(await remove()).toEqual({ __typename: 'ContextDeleteSuccess', deletedId: id })
  expect(await eventNames(from)).toEqual(['agent.updated', 'context.deleted'])
  const { agentUpdate } = await run(herald, api.AgentUpdateDocument, { id: user.agent.id, input: { live: true } })
  expect(agentUpdate).toMatchObject({ agent: { live: true, contexts: [] } })
  expect((await run(herald, api.AgentDeleteDocument, { id: user.agent.id })).agentDelete).toMatchObject({
    deletedId: user.agent.id,
  })
  expect(faultOf((await run(herald, api.AgentDeleteDocument, { id: user.agent.id })).agentDelete)).toBe(user.agent.id)
})
