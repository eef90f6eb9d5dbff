import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, gql, settingEnv, startWeighedHerald } from './support/herald.ts'
import { rawSse, rawWs } from './support/raw.ts'

const EVENTS = 'subscription { events { sequence deliveries { id } } }'
const DELIVERIES = 'subscription { deliveryChanged { id } }'

let herald: Awaited<ReturnType<typeof startWeighedHerald>>
let redis: Redis
beforeAll(async () => {
  const env = await settingEnv('production')
  herald = await startWeighedHerald(env)
  redis = new Redis(env.REDIS_URL as string)
})
afterAll(async () => {
  redis.disconnect()
  expect(await herald.kill('SIGTERM')).toBe(0)
})

/** Channels of this app that someone listens to. */
const channels = async () => {
  const { app } = await gql(herald, '{ app { id } }')
  return (await redis.pubsub('CHANNELS', `herald:*${app.id}`)) as string[]
}

/** Connects and drops, at a moment that the number decides: at once, when let in, after an event. */
async function connectAndDrop(number: number): Promise<void> {
  const query = number % 2 ? EVENTS : DELIVERIES
  if (number % 4 < 2) {
    if (number % 3 === 0) {
      const abort = new AbortController()
      const answer = fetch(herald.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-api-key': herald.key },
        body: JSON.stringify({ query }),
        signal: abort.signal,
      })
      setImmediate(() => abort.abort())
      await answer.then(
        (response) => response.body?.cancel().catch(() => {}),
        () => {},
      )
      return
    }
    const client = await rawSse(herald, query)
    if (number % 3 === 1) await eventually(() => client.comments() > 0, 'an open stream')
    client.close()
  } else {
    const client = await rawWs(herald)
    client.subscribe('1', query)
    if (number % 3 === 0) client.send({ id: '1', type: 'complete' })
    if (number % 3 === 1) await gql(herald, '{ app { id } }')
    client.socket.terminate()
  }
}

async function round(count: number): Promise<void> {
  for (let from = 0; from < count; from += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => connectAndDrop(from + index)))
  }
  await eventually(async () => (await channels()).length === 0, 'no channel listened to')
}

it('keeps nothing of 1,000 clients that came and went', async () => {
  // Whatever is made once is made now.
  await round(200)
  const client = await rawSse(herald, EVENTS)
  await eventually(async () => (await channels()).length === 1, 'a channel listened to')
  client.close()
  await eventually(async () => (await channels()).length === 0, 'no channel listened to')
  const before = await herald.weigh()
  await round(1000)
  // A stream that is kept weighs some 10 kB: a thousand would show.
  expect((await herald.weigh()) - before).toBeLessThan(5)
})
