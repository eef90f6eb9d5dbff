import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { herald as command, eventually, type Herald, raw, settingEnv, sql, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'
import { openSocket } from './support/ws.ts'

let env: Record<string, string>
let herald: Herald
const outputs: string[] = []
const errors: string[] = []
/** What must be nowhere: each by a name, for the message. */
const secrets: Record<string, string> = {}

beforeAll(async () => {
  env = { ...(await settingEnv('production')), LOG_LEVEL: 'trace', RETRY_SCHEDULE_S: '0,0', CALLBACK_TIMEOUT_MS: '300' }
  herald = await startHerald(env)
  secrets['bootstrap key'] = herald.key
  secrets.SECRETS_KEY = env.SECRETS_KEY as string
})
afterAll(async () => {
  await herald.kill('SIGTERM')
})

/** Runs an operation, keeps what it says of errors, and gives the data of its only field. */
async function ask(query: string, variables: object = {}, as: Herald = herald): Promise<any> {
  const answer = await raw(as, query, variables)
  if (answer.errors) errors.push(JSON.stringify(answer.errors))
  return answer.data && Object.values(answer.data)[0]
}

/** Everything that the database holds, as text. */
async function dump(): Promise<string> {
  const tables = await sql<{ name: string }>(env, `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`)
  const rows = await Promise.all(tables.map(({ name }) => sql(env, `SELECT t::text AS row FROM "${name}" t`)))
  expect(tables.length).toBeGreaterThan(10)
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n')
}

it('no key, secret or variable is in any log, error or row of a run that uses all of them', async () => {
  const failing = await startReceiver((response) => response.writeHead(500).end('no'))
  const healthy = await startReceiver()
  const hanging = await startReceiver(() => {})
  const secretOf = async (mutation: string, variables: object) => {
    const { secret, webhook } = await ask(mutation, variables)
    secrets[`secret ${Object.keys(secrets).length}`] = secret
    return webhook?.id as string
  }
  const CREATE = `mutation ($url: String!) { webhookCreate(input: {url: $url}) { ... on WebhookCreateSuccess { secret webhook { id } } } }`
  const planted = {
    inUrl: `url-${randomBytes(12).toString('hex')}`,
    inVariable: `var-${randomBytes(12).toString('hex')}`,
  }
  const ids: string[] = []
  for (const { url } of [
    failing,
    healthy,
    hanging,
    { url: 'http://127.0.0.1:1025/gone' },
    { url: 'https://no.such.invalid/' },
  ]) {
    ids.push(await secretOf(CREATE, { url: `${url}?token=${planted.inUrl}` }))
  }
  await secretOf(
    'mutation ($id: ID!) { webhookRotateSecret(id: $id) { ... on WebhookRotateSecretSuccess { secret webhook { id } } } }',
    { id: ids[1] },
  )
  expect(
    (
      await ask(
        'mutation ($id: ID!) { webhookRevealSecret(id: $id) { ... on WebhookRevealSecretSuccess { secret } } }',
        { id: ids[1] },
      )
    ).secret,
  ).toBe(Object.values(secrets).at(-1))
  const { key } = await ask(
    'mutation { apiKeyCreate(input: {name: "k", scopes: [READ]}) { ... on ApiKeyCreateSuccess { key } } }',
  )
  secrets['made key'] = key
  const [app] = await sql<{ id: string }>(env, 'SELECT id FROM "App"')
  const operator = await command(env, 'key', 'create', '--app', app?.id as string, '--name', 'o', '--scopes', 'READ')
  secrets['operator key'] = operator.out
  secrets['wrong key'] = `hk_${'1'.repeat(32)}_${randomBytes(32).toString('base64url')}`
  const wrong = secrets['wrong key']

  // Refused, forbidden, not valid, not there, and not able: with values that are not to be repeated.
  const AGENT =
    'mutation ($name: String!) { agentCreate(input: {agentName: $name, agentPurpose: "p", formatting: "f"}) { __typename } }'
  await ask('{ app { id } }', {}, { ...herald, key: wrong })
  await ask(AGENT, { name: planted.inVariable }, { ...herald, key })
  await ask(AGENT, { name: { not: planted.inVariable } })
  await ask('query ($id: ID!) { node(id: $id) { id } }', { id: planted.inVariable })
  await ask('query ($id: String) { events(after: $id) { nodes { id } } }', { id: planted.inVariable })
  for (const body of [`{"query": "${wrong}"`, `{"query":"{ app { id } }","variables":"${planted.inVariable}"}`]) {
    const response = await fetch(herald.url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${herald.key}` },
    })
    errors.push(await response.text())
  }
  const socket = await openSocket(herald.url)
  socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${wrong}` } })
  errors.push(JSON.stringify(await socket.closed))

  await ask(AGENT, { name: 'delivered' })
  await eventually(
    async () => (await ask('{ deliveries(status: PENDING) { nodes { id } } }')).nodes.length === 0,
    'all ended',
  )
  // A secret that can't be opened, a database that fails in the middle of a change and of a look-up.
  await sql(env, `UPDATE "WebhookSecret" SET sealed = 'v1.AAAA' WHERE "webhookId" = $1 AND "validUntil" IS NULL`, [
    ids[0],
  ])
  await ask('mutation ($id: ID!) { webhookRevealSecret(id: $id) { __typename } }', { id: ids[0] })
  await ask(AGENT, { name: 'not signed' })
  await eventually(() => herald.output().includes('no key of SECRETS_KEY opens'), 'the error of a secret')
  await sql(env, `ALTER TABLE "Agent" ADD CONSTRAINT refuse CHECK ("agentName" NOT LIKE 'var-%')`)
  await ask(AGENT, { name: planted.inVariable })
  await sql(env, 'ALTER TABLE "ApiKey" RENAME TO "Away"')
  await ask('{ app { id } }', {}, { ...herald, key: `${wrong}x` })
  await sql(env, 'ALTER TABLE "Away" RENAME TO "ApiKey"')
  expect(errors.filter((error) => error.includes('INTERNAL_SERVER_ERROR')).length).toBeGreaterThanOrEqual(2)

  expect(await herald.kill('SIGTERM')).toBe(0)
  outputs.push(herald.output(), operator.err)
  const log = outputs.join('\n')
  expect(log).toContain('"level":50')
  const database = await dump()
  expect(Object.keys(secrets)).toHaveLength(11)
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret.length, name).toBeGreaterThan(20)
    // The whole, and the part that is secret by itself.
    for (const part of [secret, secret.replace(/^(whsec_|hk_[0-9a-f]+_)/, '')]) {
      expect([name, log.includes(part)]).toEqual([name, false])
      expect([name, database.includes(part)]).toEqual([name, false])
      expect([name, errors.join('\n').includes(part)]).toEqual([name, false])
    }
    expect([name, database.includes(Buffer.from(secret).toString('base64'))]).toEqual([name, false])
  }
  for (const value of Object.values(planted)) expect(log).not.toContain(value)
  expect(log).not.toMatch(/v1,[A-Za-z0-9+/]{43}=/)
  await Promise.all([failing, healthy, hanging].map((receiver) => receiver.close()))
})
