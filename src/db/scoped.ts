import type { Tx } from './database.ts'
import type { Prisma, PrismaClient } from './generated/prisma/client.ts'

/** Models whose rows bear no appId of their own, and the row through which they belong to the app. */
const parents: Partial<Record<Prisma.ModelName, string>> = {
  DeliveryAttempt: 'delivery',
  OutboxEntry: 'delivery',
  Document: 'file',
}

type Raw = '$queryRaw' | '$queryRawUnsafe' | '$executeRaw' | '$executeRawUnsafe'
/** A Prisma client that sees and makes rows of one app alone. Plain SQL, which nobody could scope, is not for its users. */
export type ScopedDb = Omit<PrismaClient, Raw> & { readonly [scope]: string }
/** The same within a transaction. */
export type ScopedTx = Omit<Tx, Raw> & { readonly [scope]: string }
declare const scope: unique symbol

/**
 * The one place where reading and writing is bound to an app: every operation on every model gets the app's id as a
 * condition, every created row as a value. What another app owns is as if it did not exist. Related rows that are read
 * along need no condition of their own: they belong to the same app as the row that they are read with. Writing through
 * a relation, or giving a row to another app, is refused; so is upsert. A row of a model without an appId must be made
 * for a row that was made or found in the same transaction.
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
          const { data, where } = args as { data?: object | object[]; where?: { AND?: object | object[] } }
          for (const row of [data ?? []].flat()) assertPlain(model, row)
          const parent = parents[model]
          const owner = model === 'App' ? { id: appId } : { appId }
          if (operation === 'upsert') throw new Error('upsert is not scoped; use create or update')
          if (/^create/.test(operation)) {
            if (parent) return query(args)
            const owned = Array.isArray(data) ? data.map((row) => ({ ...row, ...owner })) : { ...data, ...owner }
            return query({ ...args, data: owned } as typeof args)
          }
          if (data && Object.keys(owner).some((name) => name in data)) throw new Error(`a ${model} stays with its app`)
          // In this form Prisma reads those that are asked for in one tick by one query; a batch of files, say.
          if (/^findUnique/.test(operation) && !parent && where && !Object.keys(owner).some((name) => name in where)) {
            return query({ ...args, where: { ...where, ...owner } } as typeof args)
          }
          // AND, not a merge: a caller's own condition on the same field must not be lost.
          const scoped = { ...where, AND: [parent ? { [parent]: owner } : owner, ...[where?.AND ?? []].flat()] }
          return query({ ...args, where: scoped } as typeof args)
        },
      },
    },
  })
  return extended as unknown as ScopedDb
}

/** @throws Error for a row that would write other rows, or point at them by other than the columns of its keys. */
function assertPlain(model: string, row: object): void {
  for (const [name, value] of Object.entries(row)) {
    const plain = value === null || typeof value !== 'object' || Array.isArray(value) || ArrayBuffer.isView(value)
    if (!plain && !(value instanceof Date)) throw new Error(`${model}.${name}: write a relation by its columns`)
  }
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
