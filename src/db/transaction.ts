import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { type Database, type Sql, sqlState } from './database.ts'

/** So long a transaction may wait for a connection. */
const MAX_WAIT_MS = 10_000
/** After so long Prisma rolls a transaction back, whatever it is doing. */
const TIMEOUT_MS = 40_000
/** Plain SQL is refused well before that: behind the rollback, on the same connection, it would stand by itself. */
const SQL_TIMEOUT_MS = 30_000

type OnClient = Parameters<typeof pg.Pool.prototype.connect>[0]

/** Where the connection is noted that a transaction gets. */
const begun = new AsyncLocalStorage<{ client?: pg.PoolClient }>()

/** A pool for Prisma, that notes which connection it gives to a transaction of `transactionsOn`. */
export class NotingPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>
  override connect(callback: OnClient): void
  override connect(callback?: OnClient): Promise<pg.PoolClient> | undefined {
    if (callback) {
      super.connect(callback)
      return
    }
    const place = begun.getStore()
    return super.connect().then((client) => {
      if (place) place.client ??= client
      return client
    })
  }
}

/**
 * Transactions of Prisma with plain SQL on the same connection: to run a statement through Prisma costs more than the
 * statement, which matters to those that are part of every change. The pool under Prisma is a `NotingPool`.
 */
export function transactionsOn(prepare: (text: string) => string): Database['transaction'] {
  return (prisma, work) => {
    const place: { client?: pg.PoolClient } = {}
    const begin = () =>
      prisma.$transaction(
        (tx) => {
          const { client } = place
          if (!client) throw new Error('Prisma began a transaction on a connection that is not known')
          return work(tx, sqlOn(client, performance.now() + SQL_TIMEOUT_MS, prepare))
        },
        { maxWait: MAX_WAIT_MS, timeout: TIMEOUT_MS },
      )
    return begun.run(place, begin)
  }
}

function sqlOn(client: pg.PoolClient, until: number, prepare: (text: string) => string): Sql {
  return {
    async query(text, params) {
      if (performance.now() > until) throw withState('57014', `a transaction took more than ${SQL_TIMEOUT_MS} ms`)
      try {
        return (await client.query({ name: prepare(text), text, values: params as unknown[] })).rows
      } catch (error) {
        if (sqlState(error)) throw error
        throw withState('08006', 'the connection of a transaction was lost', error)
      }
    },
  }
}

/** An error with a SQLSTATE, by which an outage is told from a fault. */
const withState = (code: string, message: string, cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { code })
