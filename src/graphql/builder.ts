import SchemaBuilder from '@pothos/core'
import ErrorsPlugin from '@pothos/plugin-errors'
import PrismaPlugin from '@pothos/plugin-prisma'
import RelayPlugin from '@pothos/plugin-relay'
import { DateTimeResolver, JSONResolver, URLResolver } from 'graphql-scalars'
import { kindOf } from '../db/ids.ts'
import type { Context } from './context.ts'
import type PrismaTypes from './generated/pothos.ts'
import { getDatamodel } from './generated/pothos.ts'

/** The types that every part of the schema is built with. */
interface Types {
  Context: Context
  PrismaTypes: PrismaTypes
  DefaultFieldNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Date; Output: Date }
    URL: { Input: URL; Output: string }
    JSON: { Input: unknown; Output: unknown }
  }
}

/** The schema's builder. Each domain adds its types, queries and mutations in its own <name>.graphql.ts. */
export const builder = new SchemaBuilder<Types>({
  // Errors before Prisma, so that a result union's success member is seen through to its relations.
  plugins: [ErrorsPlugin, RelayPlugin, PrismaPlugin],
  defaultFieldNullability: false,
  errors: { directResult: true },
  prisma: { client: (context) => context.db, dmmf: getDatamodel(), onUnusedQuery: null },
  relay: {
    // Ids are the same everywhere: what the database holds is what the API gives.
    encodeGlobalID: (_, id) => String(id),
    // What is no id of ours is looked up as an app that is not there: nothing was found, in the same words.
    decodeGlobalID: (id) => ({ typename: nodeTypes.has(kindOf(id) ?? '') ? (kindOf(id) as string) : 'App', id }),
    nodesQueryOptions: false,
    nodeQueryOptions: { description: 'Anything of the app by its id; null when there is none.' },
    nodeTypeOptions: { name: 'Node', description: 'Something that has an id of its own.' },
    idFieldOptions: { description: 'Opaque and prefixed; the same in callbacks, in the console and in logs.' },
  },
})

const nodeTypes = new Set(['App', 'ApiKey', 'Agent', 'Context', 'ContextFile', 'Webhook', 'Event', 'Delivery'])

builder.queryType({ description: 'Reading. Needs a key with READ; shows nothing of other apps.' })
builder.mutationType({
  description: 'Changing. Needs WRITE, or ADMIN where it says so. What a client can act on is a member of the result.',
})
builder.subscriptionType({ description: 'Watching live, over SSE or WebSocket. Needs a key with READ.' })

builder.addScalarType('DateTime', DateTimeResolver, {
  description: 'A moment as RFC 3339 says, in UTC with milliseconds: 2026-11-24T05:00:00.000Z',
})
builder.addScalarType('URL', URLResolver, { description: 'An absolute URL, as the WHATWG standard parses it.' })
builder.addScalarType('JSON', JSONResolver, { description: 'Any JSON value.' })
