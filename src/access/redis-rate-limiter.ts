import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { Redis, type Result } from 'ioredis'
import type { Logger } from '../log.ts'
import { budget, createLocalRateLimiter, once, type RateLimiter, WINDOW_MS } from './rate-limiter.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    heraldSpend(key: string, cost: number, limit: number, windowMs: number): Result<[number, number, number], Context>
    heraldHold(key: string, slot: string, limit: number, lifetimeMs: number): Result<number, Context>
    heraldRenew(key: string, lifetimeMs: number, ...slots: string[]): Result<number, Context>
  }
}

/** Keys of Herald begin so, in case the Redis is shared. */
const PREFIX = 'herald:rate:'
/** What Redis does not answer in this time, the process decides by itself. */
const TIMEOUT_MS = 1000
/** After a failure Redis is left alone for so long. */
const PAUSE_MS = 5000
/** A slot outlives a process that died by this; held ones are renewed in a third of it. */
const SLOT_MS = 60_000
/** Slots that are renewed in one command. */
const RENEW_BATCH = 500

const spendLua = `
  local spent = tonumber(redis.call('GET', KEYS[1]) or '0')
  local left = redis.call('PTTL', KEYS[1])
  local cost, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
  if spent + cost > limit then return {0, spent, left > 0 and left or tonumber(ARGV[3])} end
  redis.call('INCRBY', KEYS[1], cost)
  if left < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) left = tonumber(ARGV[3]) end
  return {1, spent + cost, left}`

// By Redis's clock, so that processes whose clocks differ agree on which slots have run out.
const holdLua = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
  redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return 1`

// Adds those that Redis has forgotten, or never knew, for it was away.
const renewLua = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
  return redis.call('PEXPIRE', KEYS[1], ARGV[1])`

/**
 * Counts in Redis, for all processes together. A Redis that is away or slow costs nobody an answer: each process then
 * counts for itself.
 */
export function createRedisRateLimiter(url: string, log: Logger): RateLimiter {
  const local = createLocalRateLimiter()
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 5000,
    commandTimeout: TIMEOUT_MS,
    retryStrategy: (times) => Math.min(50 * 2 ** times, 2000),
  })
  redis.defineCommand('heraldSpend', { numberOfKeys: 1, lua: spendLua })
  redis.defineCommand('heraldHold', { numberOfKeys: 1, lua: holdLua })
  redis.defineCommand('heraldRenew', { numberOfKeys: 1, lua: renewLua })
  // The bus says that Redis is away; it is the same one.
  redis.on('error', () => {})
  // The first questions wait for the connection, as long as for an answer.
  let begun: Promise<unknown> | null = Promise.race([
    redis.connect().catch(() => {}),
    setTimeout(TIMEOUT_MS, null, { ref: false }),
  ])
  void begun.then(() => {
    begun = null
  })
  const slots = new Map<string, Set<string>>()
  let pausedUntil = 0

  /** What Redis says, or null where it says nothing in time. */
  async function ask<T>(question: () => Promise<T>): Promise<T | null> {
    if (begun) await begun
    if (redis.status !== 'ready' || Date.now() < pausedUntil) return null
    try {
      return await question()
    } catch (error) {
      if (Date.now() >= pausedUntil) log.debug({ err: error }, 'redis did not count; the process counts by itself')
      pausedUntil = Date.now() + PAUSE_MS
      return null
    }
  }

  async function renew(): Promise<void> {
    for (const [key, ids] of slots) {
      const all = [...ids]
      for (let i = 0; i < all.length; i += RENEW_BATCH) {
        const batch = all.slice(i, i + RENEW_BATCH)
        await ask(async () => {
          const held = batch.filter((id) => ids.has(id))
          if (held.length > 0) await redis.heraldRenew(key, SLOT_MS, ...held)
          // Taken out once more: a script that Redis does not know yet is sent again, behind what came meanwhile.
          const givenBack = held.filter((id) => !ids.has(id))
          if (givenBack.length > 0) await redis.zrem(key, ...givenBack)
        })
      }
    }
  }
  const renewing = setInterval(renew, SLOT_MS / 3).unref()

  return {
    async spend(name, cost, limit) {
      const said = await ask(() => redis.heraldSpend(PREFIX + name, cost, limit, WINDOW_MS))
      if (!said) return local.spend(name, cost, limit)
      const [allowed, spent, endsInMs] = said
      return budget(allowed === 1, limit, spent, endsInMs)
    },
    async hold(name, limit) {
      // The process's own count as well: it is what is left when Redis is not.
      const release = await local.hold(name, limit)
      if (!release) return null
      const key = `${PREFIX}slots:${name}`
      const id = randomUUID()
      if ((await ask(() => redis.heraldHold(key, id, limit, SLOT_MS))) === 0) {
        release()
        return null
      }
      const ids = slots.get(key) ?? new Set()
      slots.set(key, ids.add(id))
      return once(() => {
        release()
        ids.delete(id)
        if (ids.size === 0 && slots.get(key) === ids) slots.delete(key)
        void ask(() => redis.zrem(key, id))
      })
    },
    async [Symbol.asyncDispose]() {
      clearInterval(renewing)
      redis.disconnect()
    },
  }
}
