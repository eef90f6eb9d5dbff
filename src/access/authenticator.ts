import type { Database } from '../db/database.ts'
import type { ApiKey } from '../db/generated/prisma/client.ts'
import type { Logger } from '../log.ts'
import type { ApiMetrics } from '../metrics/api.ts'
import { hashOf } from './api-keys.ts'
import { networkOf } from './client-address.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { Viewer } from './viewer.ts'

/** Finds out who a key is. */
export interface Authenticator {
  /**
   * The viewer of a valid key; null for one that is wrong, expired or revoked.
   * @param ip the address that it came from.
   * @throws TooManyFailedKeysError for an address that has tried too many in this minute, unless the key is known.
   */
  authenticate(key: string, ip: string): Promise<Viewer | null>
}

/** Too many keys that are none came from one address: no more are looked up until the minute is over. */
export class TooManyFailedKeysError extends Error {
  override name = 'TooManyFailedKeysError'
  readonly retryAfterS: number
  constructor(retryAfterS: number) {
    super('Too many wrong keys came from this address')
    this.retryAfterS = retryAfterS
  }
}

/** A look-up is believed for so long: revocation is seen by every process well within 5 s. */
const CACHE_MS = 2000
/** Keys whose look-up is remembered; the oldest is forgotten first. */
const CACHE_SIZE = 10_000
/** lastUsedAt is written at most so often. */
const LAST_USED_STEP_MS = 60_000
/** No key is as long. */
const MAX_KEY_CHARS = 500

/**
 * Looks keys up by their SHA-256. How long a comparison of two hashes takes tells nothing about the key that one of
 * them was made of, so there is no secret to compare in constant time.
 * @param failedKeysPerMin of one address (IPv6: of one /64); 0: without limit.
 */
export function createAuthenticator(
  db: Database,
  limiter: RateLimiter,
  failedKeysPerMin: number,
  metrics: ApiMetrics,
  log: Logger,
): Authenticator {
  const cache = new Map<string, { apiKey: Promise<ApiKey | null>; until: number; valid: boolean }>()
  const blocked = new Map<string, number>()

  function find(keyHash: string): Promise<ApiKey | null> {
    const hit = cache.get(keyHash)
    if (hit && hit.until > Date.now()) return hit.apiKey
    // Requests that come together share one look-up.
    const apiKey = db.prisma.apiKey.findUnique({ where: { keyHash } })
    const entry = { apiKey: Promise.resolve(apiKey), until: Date.now() + CACHE_MS, valid: hit?.valid ?? false }
    entry.apiKey.then(
      (found) => {
        entry.valid = found !== null
      },
      () => cache.delete(keyHash),
    )
    cache.delete(keyHash)
    cache.set(keyHash, entry)
    if (cache.size > CACHE_SIZE) cache.delete(cache.keys().next().value as string)
    return entry.apiKey
  }

  function noteUse(apiKey: ApiKey): void {
    if (apiKey.lastUsedAt && Date.now() - apiKey.lastUsedAt.getTime() < LAST_USED_STEP_MS) return
    apiKey.lastUsedAt = new Date()
    db.prisma.apiKey
      .updateMany({ where: { id: apiKey.id }, data: { lastUsedAt: apiKey.lastUsedAt } })
      .catch((error: Error) => log.warn({ err: error }, 'lastUsedAt was not written'))
  }

  /** Whoever uses a key that was valid before goes on, whatever else comes from the same address. */
  function assertMayTry(keyHash: string, ip: string): void {
    const until = blocked.get(networkOf(ip)) ?? 0
    if (until > Date.now() && !cache.get(keyHash)?.valid) {
      metrics.rateLimited('failed_keys')
      throw new TooManyFailedKeysError(Math.ceil((until - Date.now()) / 1000))
    }
  }

  async function noteFailure(ip: string): Promise<void> {
    if (failedKeysPerMin === 0) return
    const network = networkOf(ip)
    const { remaining, resetS } = await limiter.spend(`failed:${network}`, 1, failedKeysPerMin)
    if (remaining > 0) return
    blocked.delete(network)
    blocked.set(network, Date.now() + resetS * 1000)
    if (blocked.size > CACHE_SIZE) blocked.delete(blocked.keys().next().value as string)
  }

  return {
    async authenticate(key, ip) {
      const keyHash = hashOf(key.slice(0, MAX_KEY_CHARS + 1))
      assertMayTry(keyHash, ip)
      const apiKey = key.length > MAX_KEY_CHARS ? null : await find(keyHash)
      if (!apiKey || apiKey.revokedAt || (apiKey.expiresAt && apiKey.expiresAt <= new Date())) {
        metrics.keyRefused()
        await noteFailure(ip)
        return null
      }
      noteUse(apiKey)
      return { appId: apiKey.appId, keyId: apiKey.id, scopes: apiKey.scopes, ip }
    },
  }
}
