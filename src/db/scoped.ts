import type { Tx } from './database.ts'
import type { Prisma, PrismaClient } from './generated/prisma/client.ts'

/** Models whose rows are reached only through a row of the app, and bear no appId of their own. */
const throughParent = new Set<Prisma.ModelName>(['DeliveryAttempt', 'Document'])

/** A Prisma client that sees and makes rows of one app alone. */
export type ScopedDb = PrismaClient & { readonly [scope]: string }
/** The same within a transaction. */
export type ScopedTx = Tx & { readonly [scope]: string }
declare const scope: unique symbol

/**
 * The one place where reading and writing is bound to an app: every operation on every model gets the app's id as a
 * condition, every created row as a value. What another app owns is as if it did not exist. References between rows
 * need no condition of their own: composite keys bind them to the same app in the database.
 * @param before is called, and awaited, before each operation on a model.
 */
export function scopeTo(
  prisma: PrismaClient,
  appId: string,
  before?: (operation: string) => Promise<void> | undefined,
): ScopedDb {
  const extended = prisma.$extends({
    query: {
      $allModels: {
        async $allOperations({ model, operation, args, query }) {
          const wait = before?.(operation)
          if (wait) await wait
          if (throughParent.has(model)) return query(args)
          const owner = model === 'App' ? { id: appId } : { appId }
          const scoped = { ...args } as { where?: object; data?: object | object[] }
          if (operation === 'create') scoped.data = { ...scoped.data, ...owner }
          else if (operation === 'createMany' || operation === 'createManyAndReturn') {
            scoped.data = [scoped.data ?? []].flat().map((row) => ({ ...row, ...owner }))
          } else if (operation === 'upsert') throw new Error('upsert is not scoped; use create or update')
          // AND, not a merge: a caller's own condition on the same field must not be lost.
          else
            scoped.where = { ...scoped.where, AND: [owner, ...[(scoped.where as { AND?: object })?.AND ?? []].flat()] }
          return query(scoped as typeof args)
        },
      },
    },
  })
  return extended as unknown as ScopedDb
}

/** Clients that are kept ready; the oldest is made anew when it is needed again. */
const KEPT = 1000

/** `scopeTo` for whoever asks often: a client is kept for each app, for to make one costs more than a query. */
export function createScopes(prisma: PrismaClient): (appId: string) => ScopedDb {
  const kept = new Map<string, ScopedDb>()
  return (appId) => {
    const known = kept.get(appId)
    if (known) return known
    const db = scopeTo(prisma, appId)
    kept.set(appId, db)
    if (kept.size > KEPT) kept.delete(kept.keys().next().value as string)
    return db
  }
}
