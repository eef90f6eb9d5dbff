import type { Server, ServerResponse } from 'node:http'
import { counter, gauge, type Metrics } from './registry.ts'

/** What the HTTP server tells of itself. */
export interface HttpMetrics {
  /** Counts the answer when it is through or broken off. */
  answering(path: string, response: ServerResponse): void
  watch(server: Server): void
}

/** Paths that are told apart; the console and all else are "other". */
const routes = new Set(['/graphql', '/health', '/ready', '/metrics'])

export function createHttpMetrics(metrics: Metrics): HttpMetrics {
  const responses = counter(
    metrics,
    'herald_http_responses_total',
    'HTTP answers that are through, by path and status; "aborted": the client left before there was one.',
    ['route', 'status'],
  )
  const dropped = counter(
    metrics,
    'herald_http_connections_dropped_total',
    'Connections that were closed at once because the process had as many as it may have.',
  )
  return {
    answering(path, response) {
      const route = routes.has(path) ? path : 'other'
      response.once('close', () => {
        responses.inc({ route, status: response.headersSent ? response.statusCode : 'aborted' })
      })
    },
    watch(server) {
      server.on('drop', () => dropped.inc())
      gauge(
        metrics,
        'herald_http_connections',
        'Open connections, WebSockets included.',
        [],
        (connections) =>
          new Promise((resolve) => {
            server.getConnections((_, count) => {
              connections.set(count)
              resolve()
            })
          }),
      )
    },
  }
}
