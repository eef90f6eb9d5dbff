// Writes the public schema to schema/schema.graphql; with --check it says whether the file is as it would be written.
import { readFileSync, writeFileSync } from 'node:fs'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from '../src/graphql/schema.ts'

const file = 'schema/schema.graphql'
const printed = `${printSchema(lexicographicSortSchema(schema))}\n`
if (process.argv[2] === '--check') {
  const same = readFileSync(file, 'utf8') === printed
  if (!same) console.error(`${file} is not what the code says; run: npm run generate`)
  process.exitCode = same ? 0 : 1
} else writeFileSync(file, printed)
