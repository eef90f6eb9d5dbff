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

await program.parseAsync()
