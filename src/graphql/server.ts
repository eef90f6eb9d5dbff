import { GraphQLError } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Viewer } from '../access/viewer.ts'
import type { Database } from '../db/database.ts'
import { scopeTo } from '../db/scoped.ts'
import type { Logger } from '../log.ts'
import type { Context, Services } from './context.ts'
import { maskError } from './errors.ts'
import { schema } from './schema.ts'

/** What the transport found out before GraphQL has its turn. */
interface Caller {
  viewer: Viewer
}

/** The GraphQL engine: one for HTTP (with SSE) and WebSocket. */
export type GraphQLServer = ReturnType<typeof createGraphQLServer>

/** @param corsOrigins browser origins that may call; none: the same origin alone. */
export function createGraphQLServer(db: Database, services: Services, corsOrigins: readonly string[], log: Logger) {
  return createYoga<Caller, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: false,
    batching: false,
    multipart: false,
    cors: corsOrigins.length > 0 && {
      origin: [...corsOrigins],
      allowedHeaders: ['content-type', 'x-api-key', 'authorization'],
    },
    logging: false,
    maskedErrors: { maskError: (error) => maskError(error, log) },
    context: ({ viewer }) => ({ ...services, viewer, db: scopeTo(db.prisma, viewer.appId) }),
  })
}

/** How a caller without a valid key is answered. */
export const unauthenticated = () =>
  new GraphQLError('A valid API key is needed, in x-api-key or Authorization: Bearer', {
    extensions: { code: 'UNAUTHENTICATED' },
  })
