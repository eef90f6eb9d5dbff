import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createRedisBus } from '../src/bus/redis.ts'
import { createLogger } from '../src/log.ts'
import { eventually } from './support/herald.ts'
import { startRedis } from './support/redis.ts'

let redis: Awaited<ReturnType<typeof startRedis>>
beforeEach(async () => {
  redis = await startRedis()
})
afterEach(() => redis.stop())

const topic = { channel: 'one', parse: (value: unknown) => (typeof value === 'number' ? value : null) }
/** Lets everything run that is not waiting for Redis. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

it('has every subscriber of a channel wait until Redis has taken the subscription', async () => {
  await using bus = createRedisBus(redis.url, createLogger('silent'))
  await eventually(() => bus.connected(), 'the connection')
  redis.hang()
  const ready: string[] = []
  const heard: number[] = []
  const subscribe = async (name: string) => {
    await bus.subscribe(topic, (message) => heard.push(message))
    ready.push(name)
  }
  const both = [subscribe('first'), subscribe('second')]
  await turn()
  expect(ready).toEqual([])
  redis.goOn()
  await Promise.all(both)
  expect(ready).toEqual(['first', 'second'])
  // What is published from now on is heard by both: nobody was told too early.
  const publisher = new Redis(redis.url)
  expect(await publisher.publish('herald:one', '7')).toBe(1)
  await eventually(() => heard.length === 2, 'the message, twice')
  expect(heard).toEqual([7, 7])
  await subscribe('third')
  expect(ready).toHaveLength(3)
  publisher.disconnect()
})

it('subscribes to a channel anew that was left and entered again, and to all when Redis was away', async () => {
  await using bus = createRedisBus(redis.url, createLogger('silent'))
  const heard: number[] = []
  await eventually(() => bus.connected(), 'the connection')
  const leave = await bus.subscribe(topic, (message) => heard.push(message))
  leave()
  await bus.subscribe(topic, (message) => heard.push(message))
  const publisher = new Redis(redis.url)
  publisher.on('error', () => {})
  await publisher.publish('herald:one', '1')
  await eventually(() => heard.length === 1, 'the message')
  let reconnected = 0
  bus.onReconnect(() => reconnected++)
  await redis.stop()
  await eventually(() => !bus.connected(), 'that it is away')
  await redis.start()
  await eventually(() => reconnected === 1, 'that it is back')
  await publisher.publish('herald:one', '2')
  await eventually(() => heard.length === 2, 'the message')
  expect(heard).toEqual([1, 2])
  publisher.disconnect()
})
