import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, it } from 'vitest'
import WebSocket from 'ws'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, type Herald, raw, settingEnv, startHerald } from './support/herald.ts'

let herald: Herald
let other: Herald
beforeAll(async () => {
  const env = { ...(await settingEnv('production')), ROLES: 'api' }
  herald = await startHerald(env)
  other = await startHerald(env)
})
afterAll(async () => {
  expect(await Promise.all([herald.kill('SIGTERM'), other.kill('SIGTERM')])).toEqual([0, 0])
})

const create = async (input: api.ApiKeyCreateInput, as: Herald = herald) =>
  (await run(as, api.ApiKeyCreateDocument, { input })).apiKeyCreate
const made = async (input: Partial<api.ApiKeyCreateInput> = {}) => {
  const answer = await create({ name: 'k', scopes: ['READ'], ...input })
  if (answer.__typename !== 'ApiKeyCreateSuccess') throw new Error(answer.message)
  return answer
}
const revoke = async (id: string) => (await run(herald, api.ApiKeyRevokeDocument, { id })).apiKeyRevoke
const withKey = (key: string, at: Herald = herald): Herald => ({ ...at, key })
/** null: answered; else the code with which the key was refused. */
const refused = async (as: Herald, query = '{ app { id } }'): Promise<string | null> =>
  (await raw(as, query)).errors?.[0].extensions.code ?? null

const REVOKE_AGENT = 'mutation { agentDelete(id: "agt_00000000000000000000000000000000") { __typename } }'
const WEBHOOK = 'mutation { webhookDelete(id: "wh_00000000000000000000000000000000") { __typename } }'

it('makes a key whose value is shown once and kept nowhere', async () => {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const { key, apiKey } = await made({ name: 'Backend', scopes: ['READ', 'WRITE', 'READ'], expiresAt })
  expect(key).toMatch(new RegExp(`^hk_${apiKey.id.slice('key_'.length)}_[A-Za-z0-9_-]{43}$`))
  expect(apiKey).toMatchObject({
    name: 'Backend',
    scopes: ['READ', 'WRITE'],
    expiresAt,
    lastUsedAt: null,
    revokedAt: null,
  })
  expect(await refused(withKey(key))).toBeNull()
  await eventually(async () => {
    const { apiKeys } = await run(herald, api.ApiKeysDocument)
    return apiKeys.find(({ id }) => id === apiKey.id)?.lastUsedAt
  }, 'lastUsedAt')
  const { apiKeys } = await run(herald, api.ApiKeysDocument)
  expect(apiKeys.map(({ name }) => name)).toEqual(['Backend', 'Bootstrap'])
  expect(JSON.stringify(apiKeys)).not.toContain(key.slice(-43))
})

it('holds each key to its scopes, a wider one holding the narrower', async () => {
  const [read, write, admin] = await Promise.all(
    (['READ', 'WRITE', 'ADMIN'] as const).map(async (scope) => withKey((await made({ scopes: [scope] })).key)),
  )
  const answers = async (as: Herald | undefined) =>
    Promise.all(
      ['{ app { id } }', REVOKE_AGENT, WEBHOOK, '{ auditLog { nodes { id } } }'].map((q) => refused(as as Herald, q)),
    )
  expect(await answers(read)).toEqual([null, 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'])
  expect(await answers(write)).toEqual([null, null, 'FORBIDDEN', 'FORBIDDEN'])
  expect(await answers(admin)).toEqual([null, null, null, null])
  const { errors } = await raw(
    write as Herald,
    'mutation { apiKeyCreate(input: {name: "", scopes: []}) { __typename } }',
  )
  expect(errors[0].extensions.code).toBe('FORBIDDEN')
})

it('refuses a bad name, no scopes, and an expiry that has passed', async () => {
  const before = (await run(herald, api.ApiKeysDocument)).apiKeys.length
  const answer = await create({ name: ' ', scopes: [], expiresAt: new Date(Date.now() - 1).toISOString() })
  expect(answer).toMatchObject({
    __typename: 'InvalidInputError',
    issues: [{ path: ['input', 'name'] }, { path: ['input', 'scopes'] }, { path: ['input', 'expiresAt'] }],
  })
  expect((await run(herald, api.ApiKeysDocument)).apiKeys).toHaveLength(before)
})

it('refuses a key from the moment that it expires', async () => {
  const { key } = await made({ expiresAt: new Date(Date.now() + 1500).toISOString() })
  expect(await refused(withKey(key))).toBeNull()
  await eventually(async () => (await refused(withKey(key))) === 'UNAUTHENTICATED', 'the expiry')
})

it('refuses a revoked key in every process, over HTTP and WebSocket', async () => {
  const { key, apiKey } = await made()
  expect([await refused(withKey(key)), await refused(withKey(key, other))]).toEqual([null, null])
  const first = await revoke(apiKey.id)
  if (first.__typename !== 'ApiKeyRevokeSuccess') throw new Error(first.message)
  expect(first.apiKey.revokedAt).not.toBeNull()
  for (const process of [herald, other]) {
    await eventually(async () => (await refused(withKey(key, process))) === 'UNAUTHENTICATED', 'revocation', 5000)
  }
  const client = createClient({
    url: herald.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { 'x-api-key': key },
    retryAttempts: 0,
  })
  const closed = await new Promise<{ code: number }>((resolve) =>
    client.subscribe(
      { query: '{ app { id } }' },
      { next: () => {}, complete: () => {}, error: (e) => resolve(e as never) },
    ),
  )
  expect(closed.code).toBe(4403)
  await client.dispose()
  // Again changes nothing.
  expect(await revoke(apiKey.id)).toEqual(first)
  const never = 'key_00000000000000000000000000000000'
  expect(await revoke(never)).toMatchObject({ __typename: 'NotFoundError', nodeId: never })
})

it('never lets the last valid ADMIN key be revoked, whoever asks at the same time', async () => {
  const { apiKeys } = await run(herald, api.ApiKeysDocument)
  const admins = apiKeys.filter(({ scopes, revokedAt }) => scopes.includes('ADMIN') && !revokedAt)
  expect(admins.length).toBeGreaterThan(1)
  const extra = await made({ scopes: ['ADMIN'] })
  // One that has expired does not count.
  await made({ scopes: ['ADMIN'], expiresAt: new Date(Date.now() + 50).toISOString() })
  await eventually(() => Date.now() > Date.parse(extra.apiKey.createdAt) + 100, 'its expiry')
  const answers = await Promise.all([...admins.map(({ id }) => id), extra.apiKey.id].map(revoke))
  const left = answers.filter(({ __typename }) => __typename === 'ConflictError')
  expect(left).toHaveLength(1)
  expect(answers.filter(({ __typename }) => __typename === 'ApiKeyRevokeSuccess')).toHaveLength(admins.length)
})
