// The embedded database's own thread: its work is synchronous, and would stop everything else in the process.
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

const { dataDir, socketPath } = workerData as { dataDir: string; socketPath: string }
const db = await PGlite.create(dataDir)
const server = new PGLiteSocketServer({
  db,
  path: socketPath,
  // One at a time is used; a new one is let in while a broken one is still closing.
  maxConnections: 4,
})
await server.start()
parentPort?.once('message', async () => {
  await server.stop()
  await db.close()
  process.exit(0)
})
parentPort?.postMessage('ready')
