import type { Database } from '../db/database.ts'
import type { ApiKey } from '../db/generated/prisma/client.ts'
import type { Logger } from '../log.ts'
import { hashOf } from './api-keys.ts'
import type { Viewer } from './viewer.ts'

/** Finds out who a key is. */
export interface Authenticator {
  /**
   * The viewer of a valid key; null for one that is wrong, expired or revoked.
   * @param ip the address that it came from.
   */
  authenticate(key: string, ip: string): Promise<Viewer | null>
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
 */
export function createAuthenticator(db: Database, log: Logger): Authenticator {
  const cache = new Map<string, { apiKey: Promise<ApiKey | null>; until: number }>()

  function find(keyHash: string): Promise<ApiKey | null> {
    const hit = cache.get(keyHash)
    if (hit && hit.until > Date.now()) return hit.apiKey
    // Requests that come together share one look-up.
    const apiKey = db.prisma.apiKey.findUnique({ where: { keyHash } })
    const entry = { apiKey: Promise.resolve(apiKey), until: Date.now() + CACHE_MS }
    entry.apiKey.catch(() => cache.delete(keyHash))
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

  return {
    async authenticate(key, ip) {
      if (key.length > MAX_KEY_CHARS) return null
      const apiKey = await find(hashOf(key))
      if (!apiKey || apiKey.revokedAt || (apiKey.expiresAt && apiKey.expiresAt <= new Date())) return null
      noteUse(apiKey)
      return { appId: apiKey.appId, keyId: apiKey.id, scopes: apiKey.scopes, ip }
    },
  }
}
