import type { EventType } from '../db/generated/prisma/enums.ts'
import { catalogue, eventName } from '../events/catalogue.ts'
import { counter, gauge, histogram, type Metrics } from './registry.ts'

/** Of an operation; unknown: of a document in which none can be found. */
export type OperationKind = 'query' | 'mutation' | 'subscription' | 'unknown'
/** What became of it. Errors that are members of a result, such as NotFoundError, are answers: ok. */
export type OperationResult = 'ok' | 'invalid' | 'forbidden' | 'rate_limited' | 'failed'
/** What a caller has used up. */
export type RateLimit = 'cost' | 'subscriptions' | 'failed_keys'
export type Transport = 'sse' | 'websocket'

/** What the API tells of itself. */
export type ApiMetrics = ReturnType<typeof createApiMetrics>

const kinds: OperationKind[] = ['query', 'mutation', 'subscription']
const results: OperationResult[] = ['ok', 'invalid', 'forbidden', 'rate_limited', 'failed']
const OPERATION_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createApiMetrics(metrics: Metrics) {
  const events = counter(metrics, 'herald_events_committed_total', 'Events that this process committed.', ['type'])
  const operations = counter(
    metrics,
    'herald_graphql_operations_total',
    'GraphQL operations over all transports, by what became of them; a subscription when it is opened.',
    ['operation', 'result'],
  )
  const seconds = histogram(
    metrics,
    'herald_graphql_operation_duration_seconds',
    'How long queries and mutations took that were ok or failed.',
    OPERATION_S,
    ['operation'],
  )
  const rateLimited = counter(
    metrics,
    'herald_rate_limited_total',
    'What was refused because a key or an address has used up a limit.',
    ['limit'],
  )
  const keysRefused = counter(
    metrics,
    'herald_api_keys_refused_total',
    'Requests and sockets that came with an API key that is wrong, expired or revoked.',
  )
  const subscriptions = gauge(metrics, 'herald_subscriptions_open', 'Open GraphQL subscriptions.', ['transport'])
  const answers = counter(metrics, 'herald_subscription_answers_total', 'Answers sent to subscriptions.')
  const sockets = gauge(metrics, 'herald_websockets_open', 'Open WebSockets.')

  // What has not happened yet is 0, not missing: rates and alerts begin with the first one.
  for (const { name, entity } of catalogue) if (entity) events.inc({ type: name }, 0)
  for (const operation of kinds) for (const result of results) operations.inc({ operation, result }, 0)
  operations.inc({ operation: 'unknown', result: 'invalid' }, 0)
  for (const operation of ['query', 'mutation']) seconds.zero({ operation })
  for (const limit of ['cost', 'subscriptions', 'failed_keys'] satisfies RateLimit[]) rateLimited.inc({ limit }, 0)
  for (const transport of ['sse', 'websocket'] satisfies Transport[]) subscriptions.set({ transport }, 0)

  return {
    committed(committed: readonly { type: EventType }[]): void {
      for (const { type } of committed) events.inc({ type: eventName(type) })
    },
    /** @param ms how long a query or mutation took, where it was executed. */
    operation(operation: OperationKind, result: OperationResult, ms?: number): void {
      operations.inc({ operation, result })
      if (ms !== undefined) seconds.observe({ operation }, ms / 1000)
    },
    rateLimited: (limit: RateLimit): void => rateLimited.inc({ limit }),
    keyRefused: (): void => keysRefused.inc(),
    /** @returns what is to be called when it has ended. */
    subscribed(transport: Transport): () => void {
      subscriptions.inc({ transport })
      return () => subscriptions.dec({ transport })
    },
    answered: (count: number): void => answers.inc(count),
    /** @returns what is to be called when it is closed. */
    connected(): () => void {
      sockets.inc()
      return () => sockets.dec()
    },
  }
}
