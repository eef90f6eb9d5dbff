import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** The data folder cannot be taken: another process has it open, or it cannot be locked. One line for the operator. */
export class DataDirError extends Error {
  override name = 'DataDirError'
  constructor(dataDir: string, trouble: string) {
    super(`DATA_DIR ${dataDir} ${trouble}`)
  }
}

/** SQLite's own limit, less the name of the file and what it may add to it. */
const MAX_PATH_BYTES = 490
/** What SQLite says of a file that another has locked. */
const SQLITE_BUSY = 5

/**
 * Takes the data folder for this process. The lock is the system's own on a file in the folder, so it is the same
 * however the folder is named or mounted, and the system lets go of it when the process dies, however it dies. Node can
 * take such a lock only through SQLite, which does so on an empty database: nothing is ever written to it.
 * @returns how to give it back. @throws DataDirError
 */
export function lockDataDir(dataDir: string): () => void {
  if (Buffer.byteLength(realpathSync(dataDir)) > MAX_PATH_BYTES) {
    throw new DataDirError(dataDir, `is too long; its path may have at most ${MAX_PATH_BYTES} bytes`)
  }
  let file: DatabaseSync | undefined
  try {
    file = new DatabaseSync(join(dataDir, 'lock'))
    // In memory: no journal is left behind by a process that was killed.
    file.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    file?.close()
    const { errcode, message } = error as Error & { errcode?: number }
    if (errcode !== SQLITE_BUSY) throw new DataDirError(dataDir, `cannot be locked: ${message}`)
    throw new DataDirError(dataDir, 'is in use by another process; one process at a time may open it')
  }
  return () => file.close()
}
