import { readFileSync } from 'node:fs'
import { buildSchema } from 'graphql'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, gql, type Herald, raw, settingEnv, sql, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'

let env: Record<string, string>
let herald: Herald
let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeAll(async () => {
  env = await settingEnv('production')
  herald = await startHerald(env)
  receiver = await startReceiver()
})
afterAll(async () => {
  await receiver.close()
  expect(await herald.kill('SIGTERM')).toBe(0)
})

const NEVER = '00000000000000000000000000000000'
const entries = async (filter: api.AuditLogQueryVariables = {}) =>
  (await run(herald, api.AuditLogDocument, { first: 100, ...filter })).auditLog.nodes
const newestId = async () => (await entries({ first: 1 }))[0]?.id

/** Every field of every answer that is a string or holds some, below the member of the union. */
const mutate = async (field: string, args: string): Promise<any> =>
  (
    await gql(
      herald,
      `mutation { ${field}(${args}) { __typename ${selections[field] ?? ''} ... on Error { message } } }`,
    )
  )[field]
const selections: Record<string, string> = {
  agentCreate: '... on AgentCreateSuccess { agent { id } }',
  contextCreate: '... on ContextCreateSuccess { context { id } }',
  contextFileCreate: '... on ContextFileCreateSuccess { contextFile { id } }',
  contextFilesCreate: '... on ContextFilesCreateSuccess { contextFiles { id } }',
  webhookCreate: '... on WebhookCreateSuccess { webhook { id } secret }',
  webhookRevealSecret: '... on WebhookRevealSecretSuccess { secret }',
  webhookRotateSecret: '... on WebhookRotateSecretSuccess { secret }',
  apiKeyCreate: '... on ApiKeyCreateSuccess { apiKey { id } key }',
}

/** What was made so far, by the mutation that made it. */
const ids: Record<string, string> = {}
const secrets: string[] = []
const file = (name: string) =>
  `{contextId: "${ids.contextCreate}", name: "${name}", mimeType: "text/plain", documentContent: "planted-content"}`

type Expected = [action: string, target: () => string | undefined, changed?: string[]]
/** How each mutation succeeds, in this order, and what the audit log says of it. */
const successes: Record<string, [args: () => string, ...Expected[]]> = {
  contextCreate: [() => 'input: {name: "planted-name"}', ['context.created', () => ids.contextCreate]],
  contextUpdate: [
    () => `id: "${ids.contextCreate}", input: {name: "new", description: "planted-name"}`,
    ['context.updated', () => ids.contextCreate, ['name', 'description']],
  ],
  contextFileCreate: [() => `input: ${file('f')}`, ['contextfile.created', () => ids.contextFileCreate]],
  contextFilesCreate: [
    () => `inputs: [${file('g')}, ${file('h')}]`,
    ['contextfile.created', () => ids.second],
    ['contextfile.created', () => ids.contextFilesCreate],
  ],
  contextFileUpdate: [
    () => `id: "${ids.contextFileCreate}", input: {labels: ["planted-name"]}`,
    ['contextfile.updated', () => ids.contextFileCreate, ['labels']],
  ],
  contextFileReportStatus: [
    () => `id: "${ids.contextFileCreate}", input: {status: FAIL, statusReason: "planted-name"}`,
    ['contextfile.updated', () => ids.contextFileCreate, ['status', 'statusReason']],
  ],
  contextFileDelete: [() => `id: "${ids.contextFileCreate}"`, ['contextfile.deleted', () => ids.contextFileCreate]],
  agentCreate: [
    () => 'input: {agentName: "planted-name", agentPurpose: "p", formatting: "f"}',
    ['agent.created', () => ids.agentCreate],
  ],
  agentUpdate: [
    () => `id: "${ids.agentCreate}", input: {live: true}`,
    ['agent.updated', () => ids.agentCreate, ['live']],
  ],
  webhookCreate: [
    () => `input: {url: "${receiver.url}?token=planted-query"}`,
    ['webhook.created', () => ids.webhookCreate],
  ],
  agentDelete: [() => `id: "${ids.agentCreate}"`, ['agent.deleted', () => ids.agentCreate]],
  webhookUpdate: [
    () => `id: "${ids.webhookCreate}", input: {name: "planted-name", entities: [AGENT]}`,
    ['webhook.updated', () => ids.webhookCreate, ['name', 'entities']],
  ],
  webhookRevealSecret: [() => `id: "${ids.webhookCreate}"`, ['webhook.secret_revealed', () => ids.webhookCreate]],
  webhookRotateSecret: [() => `id: "${ids.webhookCreate}"`, ['webhook.secret_rotated', () => ids.webhookCreate]],
  webhookTest: [() => `id: "${ids.webhookCreate}"`, ['webhook.tested', () => ids.webhookCreate]],
  deliveryRetry: [() => `id: "${ids.delivery}"`, ['delivery.retried', () => ids.delivery]],
  deliveriesReplay: [
    () => `input: {webhookId: "${ids.webhookCreate}", since: "2020-01-01T00:00:00.000Z"}`,
    ['webhook.replayed', () => ids.webhookCreate],
  ],
  webhookDelete: [() => `id: "${ids.webhookCreate}"`, ['webhook.deleted', () => ids.webhookCreate]],
  apiKeyCreate: [() => 'input: {name: "planted-name", scopes: [READ]}', ['apikey.created', () => ids.apiKeyCreate]],
  apiKeyRevoke: [() => `id: "${ids.apiKeyCreate}"`, ['apikey.revoked', () => ids.apiKeyCreate]],
  contextDelete: [() => `id: "${ids.empty}"`, ['context.deleted', () => ids.empty]],
}

const mutations = Object.keys(
  buildSchema(readFileSync('schema/schema.graphql', 'utf8')).getMutationType()?.getFields() ?? {},
)

it('knows how every mutation of the schema succeeds', () => {
  expect(Object.keys(successes).toSorted()).toEqual(mutations.toSorted())
})

it('writes down each change once: who, what, on what, which fields, from where; and never a value', async () => {
  const [bootstrapKey] = (await run(herald, api.ApiKeysDocument)).apiKeys
  for (const [field, [args, ...expected]] of Object.entries(successes)) {
    if (field === 'contextDelete') ids.empty = (await mutate('contextCreate', 'input: {name: "e"}')).context.id
    if (field === 'deliveryRetry') ids.delivery = await endedDelivery()
    const before = await entries()
    const answer = await mutate(field, args())
    expect(answer.__typename, JSON.stringify(answer)).toMatch(/Success$/)
    const object = answer.agent ?? answer.context ?? answer.contextFile ?? answer.webhook ?? answer.apiKey
    if (object) ids[field] = object.id
    if (answer.contextFiles) [ids.contextFilesCreate, ids.second] = answer.contextFiles.map(({ id }: any) => id)
    secrets.push(...[answer.secret, answer.key].filter(Boolean))

    const after = await entries()
    const written = after.slice(0, after.length - before.length)
    expect(after.slice(written.length)).toEqual(before)
    expect(written.map(({ id: _, at: __, ...rest }) => rest)).toEqual(
      expected.map(([action, target, changed = []]) => ({
        action,
        targetId: target(),
        changed,
        keyId: bootstrapKey?.id,
        ip: '127.0.0.1',
      })),
    )
  }
  expect(secrets).toHaveLength(4)
  const table = JSON.stringify(await sql(env, 'SELECT * FROM "AuditEntry"'))
  for (const value of [...secrets, herald.key, 'planted-']) expect(table).not.toContain(value)
})

it('writes nothing for what was refused or changed nothing', async () => {
  const { context } = await mutate('contextCreate', 'input: {name: "same"}')
  const { webhook } = await mutate('webhookCreate', `input: {url: "${receiver.url}", name: "same"}`)
  const before = await newestId()
  for (const field of mutations) {
    const type = field.startsWith('apiKey')
      ? 'key'
      : (/^(agent|contextFile|context|webhook|deliver)/.exec(field)?.[1] ?? '')
    const prefix = { agent: 'agt', contextFile: 'file', context: 'ctx', webhook: 'wh', deliver: 'dlv' }[type] ?? 'key'
    const never = `id: "${prefix}_${NEVER}"`
    const args: Record<string, string> = {
      agentCreate: 'input: {agentName: "", agentPurpose: "p", formatting: "f"}',
      agentUpdate: `${never}, input: {live: true}`,
      contextCreate: 'input: {name: ""}',
      contextUpdate: `id: "${context.id}", input: {name: "same"}`,
      contextFileCreate: `input: {contextId: "ctx_${NEVER}", name: "f", mimeType: "text/plain", documentContent: "x"}`,
      contextFilesCreate: 'inputs: []',
      contextFileUpdate: `${never}, input: {name: "x"}`,
      contextFileReportStatus: `${never}, input: {status: FAIL}`,
      webhookCreate: 'input: {url: "ftp://example.com/"}',
      webhookUpdate: `id: "${webhook.id}", input: {name: "same", active: true}`,
      deliveriesReplay: `input: {webhookId: "wh_${NEVER}", since: "2020-01-01T00:00:00.000Z"}`,
      apiKeyCreate: 'input: {name: "", scopes: []}',
    }
    await mutate(field, args[field] ?? never)
  }
  const [bootstrap] = (await run(herald, api.ApiKeysDocument)).apiKeys
  expect((await mutate('apiKeyRevoke', `id: "${bootstrap?.id}"`)).__typename).toBe('ConflictError')
  expect(await newestId()).toBe(before)
})

it('is read page by page, newest first, and by filters', async () => {
  const all = await entries()
  expect(all.map(({ at }) => at)).toEqual(
    all
      .map(({ at }) => at)
      .toSorted()
      .reverse(),
  )
  const pages: string[] = []
  for (let after: string | null | undefined = null; ; ) {
    const { auditLog }: api.AuditLogQuery = await run(herald, api.AuditLogDocument, { first: 7, after })
    pages.push(...auditLog.nodes.map(({ id }) => id))
    if (!auditLog.pageInfo.hasNextPage) break
    after = auditLog.pageInfo.endCursor
  }
  expect(pages).toEqual(all.map(({ id }) => id))
  const ofContext = await entries({ targetId: ids.contextCreate })
  expect(ofContext.map(({ action }) => action)).toEqual(['context.updated', 'context.created'])
  expect((await entries({ action: 'webhook.deleted' })).map(({ targetId }) => targetId)).toEqual([ids.webhookCreate])
  const middle = all[5]?.at as string
  expect((await entries({ since: middle })).length + (await entries({ until: middle })).length).toBe(all.length)
  expect(await entries({ keyId: `key_${NEVER}` })).toEqual([])
  const { errors } = await raw(herald, '{ auditLog(after: "nonsense") { nodes { id } } }')
  expect(errors[0].extensions.code).toBe('BAD_USER_INPUT')
})

it('is never changed, and loses nothing but what its retention removes', async () => {
  for (const statement of ['UPDATE "AuditEntry" SET action = \'x\'', 'DELETE FROM "AuditEntry"']) {
    await expect(sql(env, statement)).rejects.toThrow('the audit log is append-only')
  }
  const before = await entries()
  const [app] = await sql<{ id: string }>(env, 'SELECT id FROM "App"')
  const hourMs = 3_600_000
  const idAt = (ms: number, n: number) => `aud_${ms.toString(16).padStart(12, '0')}${String(n).padStart(20, '0')}`
  const insert = (ms: number, count: number) =>
    sql(
      env,
      `INSERT INTO "AuditEntry" (id, "appId", at, action, "targetId", changed)
       SELECT id, $1, $3::timestamptz, 'old', 'x', '{}' FROM unnest($2::text[]) AS t(id)`,
      [app?.id, Array.from({ length: count }, (_, n) => idAt(ms, n)), new Date(ms)],
    )
  await insert(Date.now() - 49 * hourMs, 2500)
  await insert(Date.now() - 47 * hourMs, 10)
  const other = await startHerald({ ...env, ROLES: 'api', AUDIT_RETENTION_DAYS: '2' })
  const count = async () =>
    (await sql<{ n: number }>(env, `SELECT count(*)::int AS n FROM "AuditEntry" WHERE action = 'old'`))[0]?.n
  await eventually(async () => (await count()) === 10, 'old entries removed')
  expect(await other.kill('SIGTERM')).toBe(0)
  expect((await entries()).slice(0, before.length)).toEqual(before)
  await expect(sql(env, 'DELETE FROM "AuditEntry"')).rejects.toThrow('the audit log is append-only')
})

async function endedDelivery(): Promise<string> {
  return eventually(async () => {
    const { deliveries } = await gql(
      herald,
      `{ deliveries(webhookId: "${ids.webhookCreate}", status: SUCCEEDED) { nodes { id } } }`,
    )
    return deliveries.nodes[0]?.id
  }, 'a delivery')
}
