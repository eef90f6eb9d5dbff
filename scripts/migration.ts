// Writes the migration that leads from prisma/migrations to prisma/schema.prisma: npm run migration -- <name>
// With --check it only says whether there is one to write. Runs on an embedded shadow database: no server, no binary.
import { mkdirSync, writeFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { pendingMigration } from '../src/db/migrate.ts'

const name = process.argv[2]
if (!name) throw new Error('usage: npm run migration -- <name> | --check')
const sql = await pendingMigration(shadowAdapter())
if (name === '--check') {
  if (sql) console.error(`prisma/schema.prisma is ahead of its migrations; run: npm run migration -- <name>\n${sql}`)
  process.exit(sql ? 1 : 0)
}
if (sql) {
  const stamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
  const folder = `prisma/migrations/${stamp}_${name}`
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/migration.sql`, sql)
}
console.log(sql ? 'written' : 'nothing to write')
process.exit(0)

/** The community's adapter on empty databases in memory, with one fault mended: it reports a script as done too early. */
function shadowAdapter(): SqlMigrationAwareDriverAdapterFactory {
  const open = async (): Promise<SqlDriverAdapter> => {
    const db = await PGlite.create()
    const executeScript = async (script: string) => void (await db.exec(script))
    return Object.assign(await new PrismaPGlite(db).connect(), { executeScript })
  }
  return { provider: 'postgres', adapterName: 'pglite', connect: open, connectToShadowDb: open }
}
