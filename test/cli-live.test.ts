import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  herald as command,
  eventually,
  gql,
  type Herald,
  settingEnv,
  startCommand,
  startHerald,
} from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'
import { freePort } from './support/servers.ts'

let env: Record<string, string>
let herald: Herald
/** What the commands are given. */
let target: Record<string, string>
beforeAll(async () => {
  env = { ...(await settingEnv('production')), ROLES: 'api', PORT: String(await freePort()) }
  herald = await startHerald(env)
  target = { HERALD_URL: herald.url, HERALD_API_KEY: herald.key }
})
afterAll(async () => {
  expect(await herald.kill('SIGTERM')).toBe(0)
})

const createContext = () => gql(herald, 'mutation { contextCreate(input: {name: "c"}) { __typename } }')
const log = async (after: string) =>
  (
    await gql(
      herald,
      'query ($after: String) { events(first: 100, after: $after) { nodes { id name sequence entityId cursor } } }',
      { after },
    )
  ).events.nodes as any[]
const cursor = async (): Promise<string> => (await gql(herald, '{ app { eventCursor } }')).app.eventCursor

it('tail prints each event once, over a restart of the server; --after reads from the log', async () => {
  const after = await cursor()
  await createContext()
  const json = startCommand(target, 'tail', '--json', '--after', after)
  const plain = startCommand(target, 'tail', '--after', after, '--entities', 'agent')
  await eventually(() => json.lines().length === 1, 'the event in the log')
  await command(target, 'trigger', 'agent.created')
  await eventually(() => plain.lines().length === 1, 'a live event')
  await herald.kill('SIGKILL')
  herald = await startHerald(env)
  await createContext()
  await command(target, 'trigger', 'agent.updated')
  await eventually(() => json.lines().length >= 4 && plain.lines().length >= 2, 'events after the restart')
  const events = await log(after)
  expect(events.map(({ name }) => name)).toEqual([
    'context.created',
    'agent.created',
    'context.created',
    'agent.updated',
  ])
  expect(json.lines().map((line) => JSON.parse(line))).toMatchObject(events)
  const agents = events.filter(({ name }) => name.startsWith('agent'))
  expect(plain.lines().map((line) => line.split('  ').slice(1, 4))).toEqual(
    agents.map(({ sequence, name, entityId }) => [`#${sequence}`, name, entityId]),
  )
  expect(plain.lines()[1]).toContain('changed live')
  expect(json.errors()).toContain('trying again')
  for (const one of [json, plain]) {
    await one.stop()
    expect(one.lines().join() + one.errors()).not.toContain(herald.key)
  }
})

it('listen posts each event once, signed with the secret that it prints, over a restart of the server', async () => {
  const receiver = await startReceiver((response) => response.writeHead(202).end())
  const after = await cursor()
  const listening = startCommand(target, 'listen', '--forward-to', receiver.url, '--entities', 'context,agent')
  await eventually(() => listening.lines().length === 1, 'its first line')
  const secret = /whsec_\S+/.exec(listening.lines()[0] ?? '')?.[0] ?? ''
  for (let i = 0; i < 3; i++) await createContext()
  await eventually(() => receiver.received.length === 3, 'callbacks')
  // What is committed while the server is not there for the listener comes when it is back.
  await herald.kill('SIGTERM')
  receiver.state.answer = (response) => response.writeHead(500).end()
  herald = await startHerald(env)
  await command(target, 'trigger', 'agent.updated')
  await eventually(() => receiver.received.length >= 4, 'callbacks after the restart')
  await eventually(() => listening.lines().length === 5, 'their lines')
  const events = await log(after)
  expect(receiver.received.map(({ body }) => body.id)).toEqual(events.map(({ id }) => id))
  const { app } = await gql(herald, '{ app { id } }')
  for (const { headers, text, body } of receiver.received) {
    expect(new Webhook(secret).verify(text, headers as Record<string, string>)).toEqual(body)
    expect(headers).toMatchObject({ 'webhook-id': body.id, 'content-type': 'application/json', 'herald-attempt': '1' })
    expect(headers['user-agent']).toMatch(/^Herald\/\d/)
    expect(body.appId).toBe(app.id)
    expect(Object.hasOwn(body, 'changed')).toBe(body.type.endsWith('.updated'))
  }
  expect(listening.lines()[1]).toMatch(/^#\d+ context\.created ctx_\w+ → 202 in \d+ ms$/)
  expect(listening.lines()[4]).toMatch(/^#\d+ agent\.updated agt_\w+ → 500 in \d+ ms$/)
  await receiver.close()
  await createContext()
  await eventually(() => listening.lines().length === 6, 'a line for an endpoint that is gone')
  expect(listening.lines()[5]).toMatch(/→ ECONNREFUSED$/)
  await listening.stop()
  expect(listening.lines().join() + listening.errors()).not.toContain(herald.key)
})

it('listen signs with a secret that it is given', async () => {
  const receiver = await startReceiver()
  const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
  const args = ['listen', '--forward-to', receiver.url, '--secret', secret, '--after', await cursor()]
  const listening = startCommand(target, ...args)
  await createContext()
  await eventually(() => receiver.received.length === 1, 'a callback')
  const [{ text, headers }] = receiver.received as [(typeof receiver.received)[number]]
  expect(() => new Webhook(secret).verify(text, headers as Record<string, string>)).not.toThrow()
  await listening.stop()
  await receiver.close()
})

it('trigger makes one demo agent, and events of it', async () => {
  const after = await cursor()
  for (const event of ['agent.updated', 'agent.updated', 'agent.deleted', 'agent.updated']) {
    const { code, out } = await command(target, 'trigger', event)
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^${event} agt_`))
  }
  const names = (await log(after)).map(({ name }) => name)
  expect(names.slice(-5)).toEqual(['agent.updated', 'agent.updated', 'agent.deleted', 'agent.created', 'agent.updated'])
})

it('says in one line what is wrong, and shows no key', async () => {
  const wrong = { ...target, HERALD_API_KEY: 'a-key-that-is-wrong' }
  const cases: [Record<string, string>, string[], RegExp][] = [
    [wrong, ['tail'], /valid API key/],
    [wrong, ['tail', '--after', await cursor()], /does not accept this API key/],
    [wrong, ['trigger', 'agent.updated'], /valid API key/],
    [{ HERALD_URL: herald.url }, ['tail'], /HERALD_API_KEY/],
    [target, ['tail', '--after', 'nonsense'], /after must be a cursor/],
    [target, ['tail', '--entities', 'nonsense'], /EntityType/],
    [target, ['trigger', 'webhook.test'], /agent\.created, agent\.updated, agent\.deleted/],
    [target, ['listen', '--forward-to', 'localhost:3000'], /no URL/],
    [target, ['listen', '--forward-to', 'http://localhost:3000', '--secret', 'whsec_short'], /whsec_/],
    [{ ...target, HERALD_URL: 'http://127.0.0.1:9/graphql' }, ['trigger', 'agent.updated'], /does not answer/],
  ]
  for (const [environment, args, said] of cases) {
    const { code, out, err } = await command(environment, ...args)
    expect(err).toMatch(said)
    expect(err.split('\n')).toHaveLength(1)
    expect(code).toBe(1)
    expect(out + err).not.toContain(environment.HERALD_API_KEY ?? '—')
  }
})
