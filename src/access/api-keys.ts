import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Database, Tx } from '../db/database.ts'
import type { ApiKey } from '../db/generated/prisma/client.ts'
import { ApiKeyScope } from '../db/generated/prisma/enums.ts'
import { newId } from '../db/ids.ts'
import type { ScopedDb } from '../db/scoped.ts'
import { ConflictError, NotFoundError } from '../errors.ts'
import type { Commit } from '../events/commit.ts'
import { text, validate } from '../validate.ts'
import { requireScope, type Viewer } from './viewer.ts'

/** Keys of an app that are not revoked; also how many `listApiKeys` gives at most. */
const MAX_KEYS = 500
/** One lock for whoever finds the database empty: two processes that start at once make one app. */
const BOOTSTRAP_LOCK = 4_837_253

const CreateInput = z.object({
  name: text(1, 100),
  scopes: z
    .array(z.enum(ApiKeyScope, "This field can't be null"))
    .min(1, 'At least one scope must be given')
    .transform((scopes) => [...new Set(scopes)]),
  expiresAt: z
    .date()
    .refine((date) => date.getTime() > Date.now(), { message: 'This must be in the future' })
    .nullish(),
})

/** Rules: a name of 1 to 100 characters, at least one scope, an expiry in the future or none. */
export type ApiKeyCreateInput = z.input<typeof CreateInput>

/** What the database keeps of a key: all that is needed to know it again, nothing to make it from. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')

/** @param id the key's own id, in clear, so that a key that was leaked can be named. */
const newKey = (id: string): string => `hk_${id.slice('key_'.length)}_${randomBytes(32).toString('base64url')}`

/** All keys that are not revoked, newest first, then the revoked ones, latest first; at most 500 together. */
export function listApiKeys(db: ScopedDb): Promise<ApiKey[]> {
  return db.apiKey.findMany({
    orderBy: [{ revokedAt: { sort: 'desc', nulls: 'first' } }, { id: 'desc' }],
    take: MAX_KEYS,
  })
}

/**
 * Makes a key. Needs ADMIN.
 * @returns it and its value, which nobody can be shown again.
 * @throws InvalidInputError; ConflictError where the app has 500 keys that are not revoked.
 */
export async function createApiKey(
  commit: Commit,
  viewer: Viewer,
  input: ApiKeyCreateInput,
): Promise<{ apiKey: ApiKey; key: string }> {
  requireScope(viewer, 'ADMIN')
  const fields = validateApiKey(input)
  return commit(viewer, 'ADMIN', async ({ tx, at, audit }) => {
    if ((await tx.apiKey.count({ where: { revokedAt: null } })) >= MAX_KEYS) {
      throw new ConflictError(`An app may have at most ${MAX_KEYS} keys; revoke one to make another`)
    }
    const made = await insertApiKey(tx, viewer.appId, fields, at)
    audit({ action: 'apikey.created', targetId: made.apiKey.id })
    return made
  })
}

/**
 * Ends a key for good; every process refuses it within seconds. Revoking again changes nothing. Needs ADMIN.
 * @throws NotFoundError; ConflictError for the last ADMIN key that is valid, without which nobody could make another.
 */
export async function revokeApiKey(commit: Commit, viewer: Viewer, id: string): Promise<ApiKey> {
  return commit(viewer, 'ADMIN', async ({ tx, at, audit }) => {
    const apiKey = await tx.apiKey.findUnique({ where: { id } })
    if (!apiKey) throw new NotFoundError(id)
    if (apiKey.revokedAt) return apiKey
    const valid = { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: at } }] }
    const admins = await tx.apiKey.findMany({
      where: { scopes: { has: 'ADMIN' }, ...valid },
      select: { id: true },
      take: 2,
    })
    if (admins.length === 1 && admins[0]?.id === id) {
      throw new ConflictError('This is the last valid key with ADMIN; make another before you revoke it')
    }
    audit({ action: 'apikey.revoked', targetId: id })
    return tx.apiKey.update({ where: { id }, data: { revokedAt: at } })
  })
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
    const { key } = await insertApiKey(tx, app.id, { name: 'Bootstrap', scopes: ['ADMIN'] }, app.createdAt, given)
    return given ? null : key
  })
}

/** @throws InvalidInputError */
export const validateApiKey = (input: ApiKeyCreateInput) => validate(CreateInput, input)

/** Writes a key down. @param given its value; one is made where it is not given. */
export async function insertApiKey(
  tx: Pick<Tx, 'apiKey'>,
  appId: string,
  fields: z.output<typeof CreateInput>,
  createdAt: Date,
  given?: string,
): Promise<{ apiKey: ApiKey; key: string }> {
  const id = newId('ApiKey')
  const key = given ?? newKey(id)
  const apiKey = await tx.apiKey.create({ data: { id, appId, ...fields, keyHash: hashOf(key), createdAt } })
  return { apiKey, key }
}
