import { Redis } from 'ioredis'
import type { Logger } from '../log.ts'
import { accepting, type Bus, Listeners, type Topic } from './bus.ts'

/** Channels of Herald begin so, in case the Redis is shared. */
const PREFIX = 'herald:'
/** A published message waits at most for this many others; beyond it is dropped, as on a lost connection. */
const MAX_UNSENT = 10_000

/** The bus over Redis pub/sub. Starts and works (silently) while Redis is away, and reconnects for ever. */
export function createRedisBus(url: string, log: Logger): Bus {
  const options = {
    lazyConnect: true,
    retryStrategy: (times: number) => Math.min(50 * 2 ** times, 2000),
    connectTimeout: 5000,
  }
  const publisher = new Redis(url, { ...options, enableOfflineQueue: false, maxRetriesPerRequest: 0 })
  const subscriber = new Redis(url, { ...options, autoResubscribe: true, maxRetriesPerRequest: null })
  const listeners = new Listeners()
  const reconnected = new Set<() => void>()
  let unsent = 0
  let up = true

  const onError = (error: Error) => {
    if (up) log.warn({ err: error }, 'redis is away; delivering goes on by polling')
    up = false
  }
  publisher.on('error', onError)
  subscriber.on('error', onError)
  subscriber.on('ready', () => {
    if (!up) log.info('redis is back')
    up = true
    for (const listener of reconnected) listener()
  })
  subscriber.on('message', (channel: string, text: string) => {
    try {
      listeners.emit(channel, JSON.parse(text))
    } catch (error) {
      log.warn({ err: error, channel }, 'dropped a message that could not be read')
    }
  })
  for (const client of [publisher, subscriber]) client.connect().catch(() => {})

  return {
    kind: 'redis',
    publish<T>(topic: Topic<T>, message: T) {
      if (publisher.status !== 'ready' || unsent >= MAX_UNSENT) return
      unsent++
      publisher
        .publish(PREFIX + topic.channel, JSON.stringify(message))
        .catch((error: Error) => log.debug({ err: error }, 'a message was not published'))
        .finally(() => unsent--)
    },
    async subscribe<T>(topic: Topic<T>, listener: (message: T) => void) {
      const channel = PREFIX + topic.channel
      const accept = accepting(topic, listener)
      // With the connection down ioredis keeps the command and sends it when Redis is back: not waited for.
      if (listeners.add(channel, accept)) {
        const acknowledged = subscriber
          .subscribe(channel)
          .catch((error: Error) => log.warn({ err: error }, 'not subscribed'))
        if (subscriber.status === 'ready') await acknowledged
      }
      return () => {
        if (listeners.remove(channel, accept)) subscriber.unsubscribe(channel).catch(() => {})
      }
    },
    onReconnect(listener) {
      reconnected.add(listener)
      return () => reconnected.delete(listener)
    },
    async [Symbol.asyncDispose]() {
      publisher.disconnect()
      subscriber.disconnect()
    },
  }
}
