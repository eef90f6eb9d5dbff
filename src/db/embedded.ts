import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Logger } from '../log.ts'
import { lockDataDir } from './data-dir-lock.ts'
import type { Database } from './database.ts'
import { migrate } from './migrate.ts'
import { openOnPool } from './postgres.ts'

/**
 * Opens the embedded database in `dataDir` (made where it is missing) and brings its schema up to date. It runs in a
 * thread of its own and speaks Postgres' protocol over a socket that only this user can open, so that all above is the
 * same on both settings.
 * @throws DataDirInUseError when another process has it open.
 */
export async function openEmbedded(dataDir: string, log: Logger): Promise<Database> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const unlock = await lockDataDir(dataDir)
  // Not in the data folder: a socket's path may have about 100 characters.
  const socketDir = mkdtempSync(join(tmpdir(), 'herald-'))
  let worker: Worker | undefined
  const close = async () => {
    if (worker) {
      worker.postMessage('close')
      await once(worker, 'exit')
    }
    rmSync(socketDir, { recursive: true, force: true })
    await unlock()
  }
  try {
    const workerData = { dataDir: join(dataDir, 'pgdata'), socketPath: join(socketDir, '.s.PGSQL.5432') }
    worker = new Worker(new URL('embedded-worker.ts', import.meta.url), { workerData })
    await once(worker, 'message')
    // It is one session, whoever asks.
    const pool = new pg.Pool({ host: socketDir, port: 5432, user: 'postgres', database: 'postgres', max: 1 })
    // Prisma's adapters read and write timestamps as if the session were in UTC.
    await pool.query(`SET TIME ZONE 'UTC'`)
    await migrate(new PrismaPg(pool))
    return openOnPool('embedded', pool, log, close)
  } catch (error) {
    await close()
    throw error
  }
}
