#!/usr/bin/env node
// The command line, and the only reader of process.env. Each command is a file in cli/, loaded when it is asked for.
import { program } from 'commander'

program.name('herald').description('A GraphQL-native webhook service.')

program
  .command('serve', { isDefault: true })
  .description('API, dispatcher and live feed, as ROLES says')
  .action(async () => (await import('./cli/serve.ts')).serve(process.env))

const operator = () => import('./cli/operator.ts')

program
  .command('app')
  .description('Apps, on the database itself.')
  .command('create')
  .description('Makes an app and prints its id.')
  .requiredOption('--name <name>', 'what it is called, 1 to 100 characters')
  .action(async (options) => (await operator()).appCreate(process.env, options))

program
  .command('key')
  .description('API keys, on the database itself.')
  .command('create')
  .description('Makes an API key and prints it, once.')
  .requiredOption('--app <id>', 'the app that it belongs to: app_…')
  .requiredOption('--name <name>', 'what it is for, 1 to 100 characters')
  .requiredOption('--scopes <scopes>', 'READ, WRITE, ADMIN; several between commas')
  .option('--expires <time>', 'from when it is refused, e.g. 2027-01-01T00:00:00Z; not given: never')
  .action(async (options) => (await operator()).keyCreate(process.env, options))

program
  .command('secrets')
  .description('Webhook secrets, on the database itself.')
  .command('rewrap')
  .description('Encrypts all webhook secrets anew under the first key of SECRETS_KEY; safe beside running processes.')
  .action(async () => (await operator()).secretsRewrap(process.env))

/** The options of the commands that speak to a running server over its public API. */
const client = (name: string) =>
  program
    .command(name)
    .option('--url <url>', "the API's URL; not given: HERALD_URL, else http://127.0.0.1:4000/graphql")
    .option('--key <key>', 'the API key; not given: HERALD_API_KEY')

const entities = (value: string) =>
  value.split(',').map((one) =>
    one
      .trim()
      .toUpperCase()
      .replace(/^CONTEXT[-_]?FILE$/, 'CONTEXT_FILE'),
  )

client('listen')
  .description('Posts each event to a local URL, signed, and shows the answer; goes on after a lost connection.')
  .requiredOption('--forward-to <url>', 'where to post, e.g. http://localhost:3000/hooks')
  .option('--entities <types>', 'only events about these: agent, context, context_file', entities)
  .option('--after <cursor>', 'behind which event to begin; not given: the newest')
  .option('--secret <secret>', 'what to sign with: whsec_…; not given: one is made and printed')
  .action(async (options) => (await import('./cli/listen.ts')).listen(options, process.env))

client('tail')
  .description('Prints events as they are committed; goes on after a lost connection.')
  .option('--json', 'one JSON object a line')
  .option('--entities <types>', 'only events about these: agent, context, context_file', entities)
  .option('--after <cursor>', 'behind which event to begin; not given: the newest')
  .action(async (options) => (await import('./cli/tail.ts')).tail(options, process.env))

client('trigger <event>')
  .description('Makes a sample event with a demo agent: agent.created, agent.updated or agent.deleted.')
  .action(async (event, options) => (await import('./cli/trigger.ts')).trigger(event, options, process.env))

try {
  await program.parseAsync()
} catch (error) {
  if ((error as Error).name !== 'CommandError') throw error
  console.error(`herald: ${(error as Error).message}`)
  process.exitCode = 1
}
