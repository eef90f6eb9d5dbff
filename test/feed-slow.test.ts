import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, gql, settingEnv, startWeighedHerald } from './support/herald.ts'
import { rawSse, rawWs } from './support/raw.ts'

/** Big enough that 5,000 of them are more than sockets and kernel buffer. */
const BIG = `subscription ($after: String) { events(after: $after) { sequence a: data b: data c: data d: data e: data } }`
const FILES = `mutation ($inputs: [ContextFileCreateInput!]!) { contextFilesCreate(inputs: $inputs) { __typename } }`
const EVENTS = 5000

let herald: Awaited<ReturnType<typeof startWeighedHerald>>
beforeAll(async () => {
  herald = await startWeighedHerald({ ...(await settingEnv('production')), ROLES: 'api' })
})
afterAll(async () => {
  expect(await herald.kill('SIGTERM')).toBe(0)
})

it('serves fast clients beside stalled ones, which cost a bounded buffer and miss nothing', async () => {
  const { contextCreate } = await gql(
    herald,
    'mutation { contextCreate(input: {name: "c"}) { ... on ContextCreateSuccess { context { id } } } }',
  )
  const file = {
    contextId: contextCreate.context.id,
    name: 'n'.repeat(100),
    labels: Array.from({ length: 10 }, (_, i) => `${i}`.repeat(100)),
    mimeType: 'text/plain',
    documentContent: 'x',
  }
  const create500 = () => gql(herald, FILES, { inputs: Array(500).fill(file) })
  // Whatever is made once is made now.
  await create500()
  await create500()
  const variables = { after: Buffer.from('sequence:1').toString('base64url') }
  const open = async () => {
    const sse = await rawSse(herald, BIG, { variables })
    const ws = await rawWs(herald)
    ws.subscribe('1', BIG, variables)
    return [
      {
        sequences: () => sse.events.map(({ data }) => data.data.events.sequence),
        pause: sse.pause,
        resume: sse.resume,
        close: sse.close,
      },
      {
        sequences: () => ws.of('1').map(({ payload }) => payload.data.events.sequence),
        pause: () => ws.socket.pause(),
        resume: () => ws.socket.resume(),
        close: () => ws.socket.terminate(),
      },
    ]
  }
  const [fast, stalled] = [await open(), await open()]
  for (const client of stalled) client.pause()
  for (const client of fast) await eventually(() => client.sequences().length >= 1000, 'the log')
  const before = await herald.weigh()
  for (let made = 1000; made < EVENTS; made += 500) await create500()
  const all = Array.from({ length: EVENTS }, (_, index) => index + 2)
  for (const client of fast) {
    await eventually(() => client.sequences().length >= EVENTS, 'all events of a fast client')
    expect(client.sequences()).toEqual(all)
  }
  for (const client of stalled) expect(client.sequences().length).toBeLessThan(EVENTS)
  // 5,000 answers of 8 kB would be 40 MB for each of the stalled. What is shared is let go after a while.
  await eventually(async () => (await herald.weigh()) - before < 25, 'less than 25 MB for them')
  for (const client of stalled) {
    client.resume()
    await eventually(() => client.sequences().length >= EVENTS, 'all events of a stalled client')
    expect(client.sequences()).toEqual(all)
  }
  for (const client of [...fast, ...stalled]) client.close()
}, 120_000)
