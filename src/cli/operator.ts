import { createApp, createKey } from '../access/operator.ts'
import { openDatabase } from '../app.ts'
import { ConfigError, readConfig } from '../config.ts'
import { DataDirError } from '../db/data-dir-lock.ts'
import type { Database } from '../db/database.ts'
import { ApiKeyScope } from '../db/generated/prisma/enums.ts'
import { InvalidInputError } from '../errors.ts'
import { createLogger } from '../log.ts'
import { rewrapSecrets } from '../webhooks/rewrap.ts'
import { createSecretBox } from '../webhooks/secrets.ts'

// Commands on the database itself, for whoever runs Herald. They read the environment as `herald serve` does, and may
// run beside it on Postgres; an embedded database is opened by one process at a time.

/** `herald app create`: prints the new app's id. */
export const appCreate = (env: NodeJS.ProcessEnv, { name }: { name: string }) =>
  onDatabase(env, async (db) => console.log(await createApp(db, name)))

/** `herald key create`: prints the key, which nobody can be shown again. */
export const keyCreate = (
  env: NodeJS.ProcessEnv,
  { app, name, scopes, expires }: { app: string; name: string; scopes: string; expires?: string },
) =>
  onDatabase(env, async (db) => {
    const wanted = scopes.split(',').map((scope) => scope.trim().toUpperCase())
    const unknown = wanted.find((scope) => !(scope in ApiKeyScope))
    if (unknown !== undefined) throw new ConfigError(`--scopes knows ${Object.keys(ApiKeyScope).join(', ')}`)
    const expiresAt = expires === undefined ? undefined : new Date(expires)
    if (expiresAt && Number.isNaN(expiresAt.getTime())) throw new ConfigError('--expires must be an RFC 3339 time')
    console.log(await createKey(db, app, { name, scopes: wanted as ApiKeyScope[], expiresAt }))
  })

/** `herald secrets rewrap`: seals all webhook secrets under the first key of SECRETS_KEY. Exit 1 if one can't be read. */
export const secretsRewrap = (env: NodeJS.ProcessEnv) =>
  onDatabase(env, async (db, { secretsKeys }) => {
    const { rewrapped, current, unreadable } = await rewrapSecrets(db.sql, createSecretBox(secretsKeys))
    console.log(`${rewrapped} rewrapped, ${current} under the first key already, ${unreadable.length} unreadable`)
    if (unreadable.length === 0) return
    process.exitCode = 1
    console.error(`herald: no key of SECRETS_KEY opens the secrets of ${[...new Set(unreadable)].join(', ')}`)
  })

async function onDatabase(
  env: NodeJS.ProcessEnv,
  work: (db: Database, config: ReturnType<typeof readConfig>) => Promise<void>,
): Promise<void> {
  try {
    const config = readConfig(env)
    const log = createLogger(config.logLevel)
    await using db = await openDatabase(config, log)
    await work(db, config)
  } catch (error) {
    process.exitCode = 1
    if (error instanceof InvalidInputError) {
      for (const { path, message } of error.issues) console.error(`herald: --${path.at(-1)}: ${message}`)
    } else if (error instanceof ConfigError || error instanceof DataDirError) console.error(`herald: ${error.message}`)
    else createLogger('fatal').fatal({ err: error }, 'the command failed')
  }
  // The migration engine's lock leaves a timer of 10 s behind, which nobody needs to wait for.
  process.exit()
}
