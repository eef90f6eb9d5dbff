import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Authenticator, TooManyFailedKeysError } from './access/authenticator.ts'
import type { ClientAddress } from './access/client-address.ts'
import { keyOf } from './access/key-of.ts'
import type { Budget } from './access/rate-limiter.ts'
import type { Viewer } from './access/viewer.ts'
import type { ConsoleServer } from './console-server.ts'
import type { Database } from './db/database.ts'
import { maskError, unauthenticated } from './graphql/errors.ts'
import { rateLimited } from './graphql/guard.ts'
import type { GraphQLServer } from './graphql/server.ts'
import { ClientGoneError, putBody, readBody } from './http-body.ts'
import type { Logger } from './log.ts'
import type { MetricsEndpoint } from './metrics/endpoint.ts'
import type { HttpMetrics } from './metrics/http.ts'

/** A request's head must have arrived in this time, so that slow senders hold no connection. */
const HEADERS_TIMEOUT_MS = 10_000
/** A request, headers included, must have arrived in this time. */
const REQUEST_TIMEOUT_MS = 30_000
/** How often Node looks for requests that are late. */
const LATE_CHECK_MS = 2000

/** What the HTTP server answers from. Without an engine only /health, /ready and /metrics are there. */
export interface HttpDeps {
  db: Database
  log: Logger
  maxBodyBytes: number
  /** WebSockets included; more are closed at once. */
  maxConnections: number
  metrics: HttpMetrics
  sendMetrics: MetricsEndpoint
  graphql: GraphQLDeps | null
  /** Null where there is no API or no build. */
  console: ConsoleServer | null
}

/** What answers GraphQL, over HTTP and WebSocket. */
interface GraphQLDeps {
  engine: GraphQLServer
  authenticator: Authenticator
  clientAddress: ClientAddress
}

/** The one port: /graphql, /health, /ready and /metrics; the console at every other address. */
export function createHttpServer(deps: HttpDeps): Server {
  const { db, log, maxBodyBytes, metrics, graphql, console } = deps
  const timeouts = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: LATE_CHECK_MS,
  }
  const server = createServer(timeouts, (request, response) => {
    answer(request, response).catch((error) => {
      if (error instanceof ClientGoneError) return
      const masked = maskError(error, log)
      if (response.headersSent) response.end()
      else sendJson(response, 500, { errors: [masked.toJSON()] })
    })
  })
  server.maxConnections = deps.maxConnections
  metrics.watch(server)
  return server

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] as string
    metrics.answering(path, response)
    setSecurityHeaders(response)
    if (path === '/health') return sendJson(response, 200, { status: 'ok' })
    if (path === '/ready') return sendReady(response)
    if (path === '/metrics') return deps.sendMetrics(request, response)
    if (path === '/graphql' && graphql) return answerGraphQL(request, response, graphql)
    if (console?.(request, response, path)) return
    sendJson(response, 404, { errors: [{ message: 'Nothing is here; the API is at /graphql' }] })
  }

  async function sendReady(response: ServerResponse): Promise<void> {
    try {
      await db.sql.query('SELECT 1')
      sendJson(response, 200, { status: 'ready' })
    } catch {
      sendJson(response, 503, { status: 'the database does not answer' })
    }
  }

  async function answerGraphQL(request: IncomingMessage, response: ServerResponse, deps: GraphQLDeps): Promise<void> {
    const { engine } = deps
    // Secrets and keys travel in answers: no cache keeps them.
    response.setHeader('cache-control', 'no-store')
    if (request.method === 'OPTIONS') return void (await engine.handle(request, response, { viewer: nobody }))
    // A JSON body cannot be sent from another site's form, so there is nothing to forge.
    if (request.method === 'POST' && !isJson(request.headers['content-type'])) {
      return refuse(response, 415, 'UNSUPPORTED_MEDIA_TYPE', 'Send content-type: application/json')
    }
    const viewer = await authenticate(request, response, deps)
    if (!viewer) return
    if (request.method === 'POST') {
      const body = await readBody(request, maxBodyBytes)
      if (!body) return refuse(response, 413, 'BODY_TOO_LARGE', `A request may have at most ${maxBodyBytes} bytes`)
      putBody(request, body)
    }
    const lastEventId = request.headers['last-event-id']?.toString()
    await engine.handle(request, response, { viewer, lastEventId, onBudget: (budget) => setBudget(response, budget) })
  }
}

/** @returns who asks, or null when the answer, that nobody may, was sent. */
async function authenticate(
  request: IncomingMessage,
  response: ServerResponse,
  { authenticator, clientAddress }: GraphQLDeps,
): Promise<Viewer | null> {
  const key = keyOf(request.headers)
  try {
    const viewer = key ? await authenticator.authenticate(key, clientAddress(request)) : null
    if (!viewer) sendJson(response, 401, { errors: [unauthenticated().toJSON()] })
    return viewer
  } catch (error) {
    if (!(error instanceof TooManyFailedKeysError)) throw error
    response.setHeader('retry-after', error.retryAfterS)
    sendJson(response, 429, { errors: [rateLimited(error.message, error.retryAfterS, false).toJSON()] })
    return null
  }
}

/** Who a preflight comes from: it is answered before anything is executed. */
const nobody = { appId: '', keyId: '', scopes: [], ip: '' }

const isJson = (contentType = '') => /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(contentType)

/** What every answer says to browsers: it is data, to be shown nowhere, framed nowhere and guessed at by nobody. */
function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  response.setHeader('referrer-policy', 'no-referrer')
}

/** As the IETF's draft "RateLimit header fields for HTTP" has it: what a key may spend in a window, and what is left. */
function setBudget(response: ServerResponse, { limit, remaining, resetS }: Budget): void {
  if (response.headersSent) return
  response.setHeader('ratelimit-policy', `"key";q=${limit};w=60`)
  response.setHeader('ratelimit', `"key";r=${remaining};t=${resetS}`)
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}

/** What is still being sent is read and thrown away, as long as a request may take, so that the answer is received. */
function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { errors: [{ message, extensions: { code } }] })
}
