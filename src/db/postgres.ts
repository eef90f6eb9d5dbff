import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Logger } from '../log.ts'
import type { Database } from './database.ts'
import { PrismaClient } from './generated/prisma/client.ts'
import { migrate } from './migrate.ts'
import { NotingPool, transactionsOn } from './transaction.ts'

/** Open connections of one process. The pool queues what is beyond it. */
const POOL_SIZE = 16
/** Connections for plain SQL beside these, so that slow reads never hold up claims, settling and leases. */
const BACKGROUND_SIZE = 6
/** A statement of these that takes longer is given up: the server has gone without a word. */
const BACKGROUND_TIMEOUT_MS = 30_000
/** Two processes that start at once apply the migrations one after the other: the key of the lock that they take. */
const MIGRATION_LOCK = 4_837_252

/**
 * Opens Postgres and brings its schema up to date.
 * @throws when the server cannot be reached within 10 s or a migration fails.
 */
export async function openPostgres(url: string, log: Logger): Promise<Database> {
  const options = {
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'herald',
    onConnect: inUtc,
  }
  await migrateUnderLock(new pg.Pool({ ...options, max: 2 }))
  const pool = new NotingPool({ ...options, max: POOL_SIZE })
  const background = new pg.Pool({
    ...options,
    max: BACKGROUND_SIZE,
    query_timeout: BACKGROUND_TIMEOUT_MS,
    onConnect: prepareBackground,
  })
  return openOnPool('postgres', { pool, background }, log)
}

/** Prisma's adapters read and write timestamps as if the session were in UTC. */
const inUtc = (client: pg.ClientBase) => client.query(`SET TIME ZONE 'UTC'`)

/**
 * For plain SQL, whose statements are written for nested loops over indexes. What the planner knows of the outbox is never
 * true: it is empty one minute, when the plan is made and kept, and holds a million the next.
 */
export const prepareBackground = async (client: pg.ClientBase): Promise<void> => {
  await inUtc(client)
  await client.query(`SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off;
    SET enable_mergejoin = off; SET jit = off`)
}

/** Connections for Prisma, and for plain SQL. They may be the same pool. */
interface Pools {
  pool: NotingPool
  background: pg.Pool
}

/** Herald's database on pools of connections; `onClose` runs after the last of them is closed. */
export function openOnPool(
  setting: Database['setting'],
  { pool, background }: Pools,
  log: Logger,
  onClose: () => Promise<void> = async () => {},
): Database {
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  for (const one of new Set([pool, background])) {
    one.on('error', (error) => log.warn({ err: error }, 'lost an idle database connection'))
  }
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  return {
    setting,
    prisma,
    pools: pool === background ? { all: pool } : { requests: pool, background },
    sql: {
      query: async (text, params) =>
        (await background.query({ name: nameOf(text), text, values: params as unknown[] })).rows,
    },
    transaction: transactionsOn(nameOf),
    async [Symbol.asyncDispose]() {
      await prisma.$disconnect()
      for (const one of new Set([pool, background])) await one.end()
      await onClose()
    },
  }
}

/**
 * Applies the migrations over connections of their own, which are closed at the end: Prisma's engine takes a lock of
 * its session too, and never gives it back.
 */
async function migrateUnderLock(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    await migrate(new PrismaPg(pool))
  } finally {
    client.release(true)
    await pool.end()
  }
}

const names = new Map<string, string>()

/** A prepared statement's name. The hot paths have a handful of texts, all of them constants. */
function nameOf(text: string): string {
  const name = names.get(text) ?? `herald_${names.size}`
  names.set(text, name)
  return name
}
