import type { PrismaClient } from './generated/prisma/client.ts'

/** Plain SQL for the hot paths, the same text on both settings. Parameters are $1, $2 …; arrays become SQL arrays. */
export interface Sql {
  query<Row>(text: string, params?: readonly unknown[]): Promise<Row[]>
}

/** Postgres, whether embedded or by URL: Prisma for what people read and write, plain SQL for the hot paths. */
export interface Database extends AsyncDisposable {
  readonly setting: 'embedded' | 'postgres'
  readonly prisma: PrismaClient
  readonly sql: Sql
  /**
   * Runs `work` in a transaction that `prisma` begins: with its client and, for what is part of every change, with
   * plain SQL. What `work` throws rolls it back. It waits 10 s for a connection, and is given up after 30 s.
   */
  transaction<T>(prisma: Pick<PrismaClient, '$transaction'>, work: (tx: Tx, sql: Sql) => Promise<T>): Promise<T>
  /** Its pools of connections by their names, to be looked at. */
  readonly pools: Readonly<Record<string, PoolUse>>
}

/** How many connections there are, of these unused, and how many wait for one. */
interface PoolUse {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
}

/** What a unit of work in one transaction is given. */
export type Tx = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>

/** The SQLSTATE under an error of the driver or of Prisma, if there is one. (EPIPE is the system's, and has five letters.) */
export function sqlState(error: unknown): string | undefined {
  const e = error as { code?: unknown; meta?: { driverAdapterError?: { cause?: { originalCode?: string } } } } | null
  const original = e?.meta?.driverAdapterError?.cause?.originalCode
  if (original) return original
  return typeof e?.code === 'string' && /^(?!E)[0-9A-Z]{5}$/.test(e.code) ? e.code : undefined
}

/** Two transactions waited for each other, and this one was ended: it may be tried again as it is. */
export const isDeadlock = (error: unknown): boolean =>
  ['40001', '40P01'].includes(sqlState(error) ?? '') || (error as { code?: string } | null)?.code === 'P2034'
