import { createHash } from 'node:crypto'
import { realpathSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Another process has the data folder open. Its message is one line for the operator. */
export class DataDirInUseError extends Error {
  override name = 'DataDirInUseError'
  constructor(dataDir: string) {
    super(`DATA_DIR ${dataDir} is in use by another process; one process at a time may open it`)
  }
}

/**
 * Takes the data folder for this process. The lock is a listening socket, not a file with a pid in it: the system
 * lets go of it when the process dies, however it dies, and no later process can be mistaken for the holder.
 * @returns how to give it back. @throws DataDirInUseError
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const name = `herald-${createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 24)}`
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`)
  // The second round is for the socket file that a killed process left behind.
  for (const lastRound of [false, true]) {
    try {
      const server = await listen(path)
      return () => new Promise((resolve) => server.close(() => resolve()))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      if (lastRound || (await answers(path))) throw new DataDirInUseError(dataDir)
      rmSync(path, { force: true })
    }
  }
  throw new DataDirInUseError(dataDir)
}

function listen(path: string): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy())
    server.once('error', reject)
    server.listen(path, () => resolve(server.unref()))
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path)
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => socket.destroy())
  })
}
