import { Redis } from 'ioredis'
import type { Logger } from '../log.ts'
import { accepting, type Bus, Listeners, type Topic } from './bus.ts'

/** Channels of Herald begin so, in case the Redis is shared. */
const PREFIX = 'herald:'
/** Characters of published messages that Redis has not taken yet; beyond it they are dropped, as on a lost connection. */
const MAX_UNSENT_CHARS = 16 * 1024 * 1024
/** How long a subscription is waited for. A Redis that hangs is as one that is away. */
const ACKNOWLEDGE_MS = 1000

/** The bus over Redis pub/sub. Starts and works (silently) while Redis is away, and reconnects for ever. */
export function createRedisBus(url: string, log: Logger): Bus {
  const options = {
    lazyConnect: true,
    retryStrategy: (times: number) => Math.min(50 * 2 ** times, 2000),
    connectTimeout: 5000,
  }
  const publisher = new Redis(url, { ...options, enableOfflineQueue: false, maxRetriesPerRequest: 0 })
  const subscriber = new Redis(url, { ...options, autoResubscribe: false, enableOfflineQueue: false })
  const listeners = new Listeners()
  const reconnected = new Set<() => void>()
  /** Subscriptions that Redis has not acknowledged yet, by their channels. */
  const pending = new Map<string, Promise<unknown>>()
  let unsentChars = 0
  let up = true

  const onError = (error: Error) => {
    if (up) log.warn({ err: error }, 'redis is away; delivering goes on by polling')
    up = false
  }
  function request(channels: string[]): Promise<unknown> {
    const acknowledged = subscriber.subscribe(...channels.map((channel) => PREFIX + channel))
    const settled = acknowledged.catch(onError).finally(() => {
      for (const channel of channels) if (pending.get(channel) === settled) pending.delete(channel)
    })
    for (const channel of channels) pending.set(channel, settled)
    return acknowledged
  }

  const onReady = async () => {
    try {
      const channels = listeners.channels()
      if (channels.length > 0) await request(channels)
    } catch {
      // Gone again, and so will this be.
      return
    }
    if (!up) log.info('redis is back')
    up = true
    for (const listener of reconnected) listener()
  }
  publisher.on('error', onError)
  subscriber.on('error', onError)
  subscriber.on('ready', () => void onReady())
  subscriber.on('message', (channel: string, text: string) => {
    try {
      listeners.emit(channel.slice(PREFIX.length), JSON.parse(text))
    } catch (error) {
      log.warn({ err: error, channel }, 'dropped a message that could not be read')
    }
  })
  for (const client of [publisher, subscriber]) client.connect().catch(() => {})

  return {
    kind: 'redis',
    publish<T>(topic: Topic<T>, message: T) {
      if (publisher.status !== 'ready' || unsentChars > MAX_UNSENT_CHARS) return
      const text = JSON.stringify(message)
      unsentChars += text.length
      publisher
        .publish(PREFIX + topic.channel, text)
        .catch((error: Error) => log.debug({ err: error }, 'a message was not published'))
        .finally(() => {
          unsentChars -= text.length
        })
    },
    async subscribe<T>(topic: Topic<T>, listener: (message: T) => void) {
      const { channel } = topic
      const accept = accepting(topic, listener)
      // With the connection down there is nothing to send: all channels are subscribed when it is back.
      if (listeners.add(channel, accept) && subscriber.status === 'ready') request([channel]).catch(() => {})
      // Whoever comes second waits as well: nothing is heard before.
      const acknowledged = pending.get(channel)
      const late = () => new Promise((resolve) => setTimeout(resolve, ACKNOWLEDGE_MS).unref())
      if (acknowledged) await Promise.race([acknowledged, late()])
      return () => {
        if (listeners.remove(channel, accept) && subscriber.status === 'ready') {
          subscriber.unsubscribe(PREFIX + channel).catch(onError)
        }
      }
    },
    onReconnect(listener) {
      reconnected.add(listener)
      return () => reconnected.delete(listener)
    },
    connected: () => publisher.status === 'ready' && subscriber.status === 'ready',
    async [Symbol.asyncDispose]() {
      publisher.disconnect()
      subscriber.disconnect()
    },
  }
}
