import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { lockDataDir } from './data-dir-lock.ts'
import type { Database } from './database.ts'
import { PrismaClient } from './generated/prisma/client.ts'
import { migrate } from './migrate.ts'

/**
 * Opens the embedded database in `dataDir` (made where it is missing) and brings its schema up to date.
 * @throws DataDirInUseError when another process has it open.
 */
export async function openEmbedded(dataDir: string): Promise<Database> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const unlock = await lockDataDir(dataDir)
  let pglite: PGlite | undefined
  try {
    pglite = await PGlite.create(join(dataDir, 'pgdata'))
    return await openOn(pglite, unlock)
  } catch (error) {
    await pglite?.close()
    await unlock()
    throw error
  }
}

/** Opens Herald's database on a PGlite of the caller's; `onClose` runs after it is closed. */
async function openOn(pglite: PGlite, onClose: () => Promise<void>): Promise<Database> {
  // Prisma's adapters read and write timestamps as if the session were in UTC.
  await pglite.exec(`SET TIME ZONE 'UTC'`)
  const adapter = pgliteAdapter(pglite)
  await migrate(adapter)
  const prisma = new PrismaClient({ adapter })
  return {
    setting: 'embedded',
    prisma,
    sql: {
      query: async <Row>(text: string, params?: readonly unknown[]) =>
        (await pglite.query<Row>(text, params as unknown[])).rows,
    },
    async [Symbol.asyncDispose]() {
      await prisma.$disconnect()
      await pglite.close()
      await onClose()
    },
  }
}

/**
 * The community's adapter with one fault mended: it reports a script as done before it has run, so that a failed
 * migration would be recorded as applied.
 */
export function pgliteAdapter(pglite: PGlite): SqlMigrationAwareDriverAdapterFactory {
  const awaiting = (adapter: SqlDriverAdapter, db: PGlite): SqlDriverAdapter =>
    Object.assign(adapter, { executeScript: async (script: string) => void (await db.exec(script)) })
  const inner = new PrismaPGlite(pglite)
  return {
    provider: 'postgres',
    adapterName: inner.adapterName,
    connect: async () => awaiting(await inner.connect(), pglite),
    async connectToShadowDb() {
      const shadow = await PGlite.create()
      return awaiting(await new PrismaPGlite(shadow).connect(), shadow)
    },
  }
}
