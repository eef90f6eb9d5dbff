import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import { type MigrationList, SchemaEngine, type SchemaFilter } from '@prisma/schema-engine-wasm'

const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
const schemaFile = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url))
const everything: SchemaFilter = { externalTables: [], externalEnums: [] }

/** The migrations of this version, oldest first, as Prisma's engine wants them. */
async function readMigrations(): Promise<MigrationList> {
  const entries = await readdir(migrationsDir, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const read = async (name: string) => ({
    path: name,
    migrationFile: {
      path: 'migration.sql',
      content: { tag: 'ok' as const, value: await readFile(`${migrationsDir}/${name}/migration.sql`, 'utf8') },
    },
  })
  return {
    baseDir: migrationsDir,
    lockfile: { path: 'migration_lock.toml', content: await readFile(`${migrationsDir}/migration_lock.toml`, 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(names.sort().map(read)),
  }
}

async function openEngine(adapter: SqlMigrationAwareDriverAdapterFactory) {
  const datamodels: [string, string][] = [['schema.prisma', await readFile(schemaFile, 'utf8')]]
  const engine = await SchemaEngine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(adapter))
  return { engine, datamodels }
}

/**
 * Applies the migrations that the database lacks, by Prisma's own engine (so `prisma migrate deploy` stays usable).
 * @returns the names of those applied. @throws when one fails or the history differs.
 */
export async function migrate(adapter: SqlMigrationAwareDriverAdapterFactory): Promise<string[]> {
  const { engine } = await openEngine(adapter)
  try {
    const migrationsList = await readMigrations()
    return (await engine.applyMigrations({ migrationsList, filters: everything })).appliedMigrationNames
  } finally {
    engine.free()
  }
}

/** The SQL that leads from the migrations to schema.prisma; empty when they agree. Needs a shadow database. */
export async function pendingMigration(adapter: SqlMigrationAwareDriverAdapterFactory): Promise<string> {
  const { engine, datamodels } = await openEngine(adapter)
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'migrations', ...(await readMigrations()) },
      to: { tag: 'schemaDatamodel', files: datamodels.map(([path, content]) => ({ path, content })) },
      script: true,
      exitCode: null,
      filters: everything,
    })
    return stdout?.includes('This is an empty migration') ? '' : (stdout ?? '')
  } finally {
    engine.free()
  }
}
