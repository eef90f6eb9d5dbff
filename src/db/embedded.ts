import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Logger } from '../log.ts'
import { lockDataDir } from './data-dir-lock.ts'
import type { Database } from './database.ts'
import { migrate } from './migrate.ts'
import { openOnPool, prepareBackground } from './postgres.ts'
import { NotingPool } from './transaction.ts'

/**
 * Opens the embedded database in `dataDir` (made where it is missing) and brings its schema up to date. It runs in a
 * thread of its own and speaks Postgres' protocol over a socket that only this user can open, so that all above is the
 * same on both settings.
 * @throws DataDirError when another process has it open, or it cannot be locked.
 */
export async function openEmbedded(dataDir: string, log: Logger): Promise<Database> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const unlock = lockDataDir(dataDir)
  // Not in the data folder: a socket's path may have about 100 characters.
  const socketDir = mkdtempSync(join(tmpdir(), 'herald-'))
  let worker: Worker | undefined
  let exited: Promise<unknown> | undefined
  let closing = false
  const close = async () => {
    closing = true
    worker?.postMessage('close')
    await exited
    rmSync(socketDir, { recursive: true, force: true })
    unlock()
  }
  try {
    const workerData = { dataDir: join(dataDir, 'pgdata'), socketPath: join(socketDir, '.s.PGSQL.5432') }
    worker = new Worker(new URL('embedded-worker.ts', import.meta.url), { workerData })
    exited = new Promise((resolve) => worker?.once('exit', resolve))
    await once(worker, 'message')
    void exited.then(() => {
      if (closing) return
      // Nothing can be done without it; whoever runs the process starts it anew.
      log.fatal('the embedded database ended; stopping')
      process.kill(process.pid, 'SIGTERM')
    })
    const pool = new NotingPool({
      host: socketDir,
      port: 5432,
      user: 'postgres',
      database: 'postgres',
      max: 1,
      // It is one session, whoever asks: what a former connection prepared is still there, under the same names.
      onConnect: async (client) => {
        await client.query('DEALLOCATE ALL')
        await prepareBackground(client)
      },
    })
    await migrate(new PrismaPg(pool))
    return openOnPool('embedded', { pool, background: pool }, log, close)
  } catch (error) {
    await close()
    throw error
  }
}
