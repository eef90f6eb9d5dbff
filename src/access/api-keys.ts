import { createHash, randomBytes } from 'node:crypto'
import type { Database } from '../db/database.ts'
import type { ApiKey } from '../db/generated/prisma/client.ts'
import { newId } from '../db/ids.ts'
import type { Logger } from '../log.ts'
import type { Viewer } from './viewer.ts'

/** Finds out who a key is. */
export interface Authenticator {
  /** The viewer of a valid key; null for one that is wrong, expired or revoked. */
  authenticate(key: string): Promise<Viewer | null>
}

/** A look-up is believed for so long: revocation is seen by every process well within 5 s. */
const CACHE_MS = 2000
/** Keys whose look-up is remembered; the oldest is forgotten first. */
const CACHE_SIZE = 10_000
/** lastUsedAt is written at most so often. */
const LAST_USED_STEP_MS = 60_000
/** One lock for whoever finds the database empty: two processes that start at once make one app. */
const BOOTSTRAP_LOCK = 4_837_253

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')

/** @param id the key's own id, in clear, so that a key that was leaked can be named. */
const newKey = (id: string): string => `hk_${id.slice('key_'.length)}_${randomBytes(32).toString('base64url')}`

/** Looks keys up by their hash, so that what is compared tells nothing about the key. */
export function createAuthenticator(db: Database, log: Logger): Authenticator {
  const cache = new Map<string, { apiKey: ApiKey | null; until: number }>()

  async function find(keyHash: string): Promise<ApiKey | null> {
    const hit = cache.get(keyHash)
    if (hit && hit.until > Date.now()) return hit.apiKey
    const apiKey = await db.prisma.apiKey.findUnique({ where: { keyHash } })
    cache.delete(keyHash)
    cache.set(keyHash, { apiKey, until: Date.now() + CACHE_MS })
    if (cache.size > CACHE_SIZE) cache.delete(cache.keys().next().value as string)
    return apiKey
  }

  function noteUse(apiKey: ApiKey): void {
    if (apiKey.lastUsedAt && Date.now() - apiKey.lastUsedAt.getTime() < LAST_USED_STEP_MS) return
    apiKey.lastUsedAt = new Date()
    db.prisma.apiKey
      .updateMany({ where: { id: apiKey.id }, data: { lastUsedAt: apiKey.lastUsedAt } })
      .catch((error: Error) => log.warn({ err: error }, 'lastUsedAt was not written'))
  }

  return {
    async authenticate(key) {
      if (key.length > 500) return null
      const apiKey = await find(hashOf(key))
      if (!apiKey || apiKey.revokedAt || (apiKey.expiresAt && apiKey.expiresAt <= new Date())) return null
      noteUse(apiKey)
      return { appId: apiKey.appId, keyId: apiKey.id, scopes: apiKey.scopes }
    },
  }
}

/**
 * Makes the first app and an ADMIN key for it where the database holds none.
 * @param given the key's value; one is made where it is not given.
 * @returns the key that was made; null when there was an app already, or the key was given.
 */
export async function bootstrap(db: Database, given: string | undefined): Promise<string | null> {
  return db.prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe('SELECT pg_advisory_xact_lock($1::int)', BOOTSTRAP_LOCK)
    if (await tx.app.findFirst()) return null
    const app = await tx.app.create({ data: { id: newId('App'), name: 'Default' } })
    const id = newId('ApiKey')
    const key = given ?? newKey(id)
    await tx.apiKey.create({ data: { id, appId: app.id, name: 'Bootstrap', keyHash: hashOf(key), scopes: ['ADMIN'] } })
    return given ? null : key
  })
}
