#!/usr/bin/env node
// The command line, and the only reader of process.env. Each command is a file in cli/, loaded when it is asked for.
import { program } from 'commander'

program.name('herald').description('A GraphQL-native webhook service.')

program
  .command('serve', { isDefault: true })
  .description('API, dispatcher and live feed, as ROLES says')
  .action(async () => (await import('./cli/serve.ts')).serve(process.env))

await program.parseAsync()
