import { createHash, randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, gql, type Herald, settingEnv, startHerald } from './support/herald.ts'
import { transports, watch } from './support/live.ts'
import { startReceiver } from './support/receiver.ts'

// All that an event leads to, asked by everybody in the same words.
const EVERYTHING = `subscription ($after: String) { events(after: $after) { id sequence entityId data
  deliveries { id webhook { id name url } attempts { requestHeaders } } } }`
const CHANGES =
  'subscription { deliveryChanged { id webhook { id name } event { id data } attempts { requestHeaders } } }'

interface App extends Pick<Herald, 'url' | 'key'> {
  name: string
}

let herald: Herald
let sql: pg.Client
let apps: App[]
let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeAll(async () => {
  const env = await settingEnv('production')
  herald = await startHerald(env)
  sql = new pg.Client({ connectionString: env.DATABASE_URL })
  await sql.connect()
  receiver = await startReceiver()
  apps = await Promise.all(['alpha', 'beta'].map(makeApp))
})
afterAll(async () => {
  await sql.end()
  await receiver.close()
  expect(await herald.kill('SIGTERM')).toBe(0)
})

async function makeApp(name: string): Promise<App> {
  const id = `app_${randomUUID().replaceAll('-', '')}`
  await sql.query('INSERT INTO "App" (id, name) VALUES ($1, $2)', [id, name])
  return { name, url: herald.url, key: await makeKey(id, 'ADMIN') }
}

async function makeKey(appId: string, scope: string): Promise<string> {
  const key = randomUUID()
  const hash = createHash('sha256').update(key).digest('hex')
  const id = `key_${randomUUID().replaceAll('-', '')}`
  await sql.query(`INSERT INTO "ApiKey" (id, "appId", name, "keyHash", scopes) VALUES ($1, $2, 'k', $3, $4)`, [
    id,
    appId,
    hash,
    `{${scope}}`,
  ])
  return key
}

it('shows nothing of one app to another that asks the same', async () => {
  const streams = apps.flatMap((app) =>
    transports.flatMap((transport) =>
      // Several of each, so that their answers are shared.
      [1, 2, 3].map(() => ({
        app,
        events: watch(app, transport, EVERYTHING, { after: null }),
        changes: watch(app, transport, CHANGES),
      })),
    ),
  )
  const write = (app: App) =>
    gql(app, 'mutation ($name: String!) { contextCreate(input: {name: $name}) { __typename } }', {
      name: `${app.name}-context`,
    })
  for (const app of apps) {
    const { webhookCreate } = await gql(
      app,
      'mutation ($name: String!, $url: String!) { webhookCreate(input: {name: $name, url: $url}) { __typename } }',
      { name: `${app.name}-webhook`, url: receiver.url },
    )
    expect(webhookCreate.__typename).toBe('WebhookCreateSuccess')
  }
  await eventually(async () => {
    await Promise.all(apps.map(write))
    return streams.every(({ events, changes }) => events.items.length > 0 && changes.items.length > 0)
  }, 'open streams')
  await Promise.all(Array.from({ length: 60 }, (_, index) => write(apps[index % 2] as App)))
  await eventually(
    () => streams.every(({ events, changes }) => events.items.length >= 30 && changes.items.length >= 30),
    'all events and deliveries',
  )
  for (const { app, events, changes } of streams) {
    const own = apps.find(({ name }) => name === app.name)?.name as string
    const other = apps.find(({ name }) => name !== app.name)?.name as string
    const seen = JSON.stringify([events.items, changes.items])
    expect(seen).toContain(`${own}-context`)
    expect(seen).toContain(`${own}-webhook`)
    expect(seen).not.toContain(other)
    expect([...events.errors, ...changes.errors]).toEqual([])
    // Each stream by itself is whole: sharing leaves nothing out.
    const sequences = events.items.map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.map((_, index) => sequences[0] + index))
    events.close()
    changes.close()
  }
})
