import { GraphQLError } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Budget, RateLimiter } from '../access/rate-limiter.ts'
import type { Viewer } from '../access/viewer.ts'
import type { Database } from '../db/database.ts'
import { scopeTo } from '../db/scoped.ts'
import type { Logger } from '../log.ts'
import type { Context, Services } from './context.ts'
import { maskError } from './errors.ts'
import { createGuard, type GuardOptions } from './guard.ts'
import { schema } from './schema.ts'

/** What the transport found out before GraphQL has its turn. */
interface Caller {
  viewer: Viewer
  /** Told what the key may still spend, after each operation. */
  onBudget?(budget: Budget): void
}

/** What the engine is set up with. */
export interface GraphQLOptions extends GuardOptions {
  /** Browser origins that may call; none: the same origin alone. */
  corsOrigins: readonly string[]
}

/** The GraphQL engine: one for HTTP (with SSE) and WebSocket. */
export type GraphQLServer = ReturnType<typeof createGraphQLServer>

export function createGraphQLServer(
  db: Database,
  services: Services,
  limiter: RateLimiter,
  options: GraphQLOptions,
  log: Logger,
) {
  const { corsOrigins } = options
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
    // What stands before the engine counts the bytes; the guard keeps the documents.
    maxRequestBodySize: false,
    parserAndValidationCache: false,
    plugins: [createGuard(schema, limiter, options)],
    maskedErrors: { maskError: (error) => maskError(error, log) },
    context: ({ viewer, onBudget }) => ({ ...services, viewer, onBudget, db: scopeTo(db.prisma, viewer.appId) }),
  })
}

/** How a caller without a valid key is answered. */
export const unauthenticated = () =>
  new GraphQLError('A valid API key is needed, in x-api-key or Authorization: Bearer', {
    extensions: { code: 'UNAUTHENTICATED' },
  })
