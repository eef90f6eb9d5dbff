import { createYoga } from 'graphql-yoga'
import type { KeyWatch } from '../access/key-watch.ts'
import type { Budget, RateLimiter } from '../access/rate-limiter.ts'
import type { Viewer } from '../access/viewer.ts'
import type { Database } from '../db/database.ts'
import { createScopes } from '../db/scoped.ts'
import type { Logger } from '../log.ts'
import type { ApiMetrics } from '../metrics/api.ts'
import type { Context, Services } from './context.ts'
import { maskError } from './errors.ts'
import { createGuard, type GuardOptions } from './guard.ts'
import { createLive } from './live/live.ts'
import { createMeasure } from './measure.ts'
import { schema } from './schema.ts'

/** What the transport found out before GraphQL has its turn. */
interface Caller {
  viewer: Viewer
  /** Told what the key may still spend, after each operation. */
  onBudget?(budget: Budget): void
  /** The header Last-Event-ID. */
  lastEventId?: string
}

/** What the engine needs of the process. */
interface GraphQLDeps {
  db: Database
  services: Services
  keyWatch: KeyWatch
  limiter: RateLimiter
  metrics: ApiMetrics
  log: Logger
}

/** What the engine is set up with. */
export interface GraphQLOptions extends GuardOptions {
  /** Browser origins that may call; none: the same origin alone. */
  corsOrigins: readonly string[]
}

/** The GraphQL engine: one for HTTP (with SSE) and WebSocket. */
export type GraphQLServer = ReturnType<typeof createGraphQLServer>['engine']

/** @returns the engine, and how to wait until the clients of streams that ended were told so. */
export function createGraphQLServer(deps: GraphQLDeps, options: GraphQLOptions) {
  const { db, services, keyWatch, limiter, metrics, log } = deps
  const { corsOrigins } = options
  const scopeOf = createScopes(db.prisma)
  const contextOf = (viewer: Viewer): Context => ({ ...services, viewer, db: scopeOf(viewer.appId) })
  const live = createLive({
    keyWatch,
    metrics,
    log,
    // Of no key in particular, for it is shared by all with these scopes.
    contextOf: ({ appId, scopes }) => contextOf({ appId, scopes, keyId: null, ip: null }),
  })
  const engine = createYoga<Caller, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: false,
    batching: false,
    multipart: false,
    cors: corsOrigins.length > 0 && {
      origin: [...corsOrigins],
      allowedHeaders: ['content-type', 'x-api-key', 'authorization', 'last-event-id'],
    },
    logging: false,
    // What stands before the engine counts the bytes; the guard keeps the documents.
    maxRequestBodySize: false,
    parserAndValidationCache: false,
    // Each stands around those before it.
    plugins: [live.plugin, createGuard(schema, limiter, metrics, options), createMeasure(metrics)],
    maskedErrors: { maskError: (error) => maskError(error, log) },
    context: ({ viewer, onBudget }) => ({ ...contextOf(viewer), onBudget }),
  })
  return { engine, drained: live.drained }
}
