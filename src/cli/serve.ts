import { createApp } from '../app.ts'
import { ConfigError, readConfig } from '../config.ts'
import { DataDirError } from '../db/data-dir-lock.ts'
import { createLogger } from '../log.ts'

/** A shutdown that takes longer is cut off: the leases bring back what it held. */
const SHUTDOWN_MS = 19_000

/** `herald serve`: runs what ROLES names until SIGTERM or SIGINT, then exits 0 within 20 s. */
export async function serve(env: NodeJS.ProcessEnv): Promise<void> {
  try {
    const config = readConfig(env)
    const log = createLogger(config.logLevel)
    // A bug is logged whole and never ends the process; everything that must hold is in the database.
    process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'))
    process.on('uncaughtException', (error) => log.error({ err: error }, 'uncaught exception'))

    const app = await createApp(config, log)
    if (app.madeKey) console.log(`Made an app and this ADMIN key for it, shown once: ${app.madeKey}`)
    console.log(`Herald listens at ${app.url} (${app.setting})`)
    // The fragment is never sent to a server, and the console takes it out of the address bar at once.
    const signIn = app.madeKey ? `#key=${encodeURIComponent(app.madeKey)}` : ''
    if (config.roles.includes('api')) console.log(`The console is at ${new URL('/', app.url)}${signIn}`)
    if (!config.redisUrl) console.log('No REDIS_URL: the bus is in this process, so it must be the only one')

    let stopping = false
    const stop = async (signal: string) => {
      if (stopping) return
      stopping = true
      log.info({ signal }, 'stopping')
      setTimeout(() => process.exit(1), SHUTDOWN_MS).unref()
      await app[Symbol.asyncDispose]()
      process.exit(0)
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
  } catch (error) {
    const known = error instanceof ConfigError || error instanceof DataDirError
    if (known) console.error(`herald: ${error.message}`)
    else createLogger('fatal').fatal({ err: error }, 'could not start')
    process.exit(1)
  }
}
