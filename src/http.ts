import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Authenticator } from './access/authenticator.ts'
import type { ClientAddress } from './access/client-address.ts'
import { keyOf } from './access/key-of.ts'
import type { ConsoleServer } from './console-server.ts'
import type { Database } from './db/database.ts'
import { type GraphQLServer, unauthenticated } from './graphql/server.ts'
import type { Logger } from './log.ts'

/** A GraphQL request, headers included, must have arrived in this time. */
const REQUEST_TIMEOUT_MS = 30_000

/** What the HTTP server answers from. Without an engine only /health and /ready are there. */
export interface HttpDeps {
  db: Database
  log: Logger
  maxBodyBytes: number
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

/** The one port: /graphql, /health and /ready; the console at every other address. */
export function createHttpServer({ db, log, maxBodyBytes, graphql, console }: HttpDeps): Server {
  return createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(request, response).catch((error) => {
      log.error({ err: error }, 'a request failed')
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] as string
    response.setHeader('x-content-type-options', 'nosniff')
    if (path === '/health') return sendJson(response, 200, { status: 'ok' })
    if (path === '/ready') return sendReady(response)
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

  async function answerGraphQL(
    request: IncomingMessage,
    response: ServerResponse,
    { engine, authenticator, clientAddress }: GraphQLDeps,
  ): Promise<void> {
    // Secrets and keys travel in answers: no cache keeps them.
    response.setHeader('cache-control', 'no-store')
    if (request.method === 'OPTIONS') return void (await engine.handle(request, response, { viewer: nobody }))
    // A JSON body cannot be sent from another site's form, so there is nothing to forge.
    if (request.method === 'POST' && !/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      return refuse(response, 415, 'Send content-type: application/json')
    }
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
      return refuse(response, 413, `A request may have at most ${maxBodyBytes} bytes`)
    }
    const key = keyOf(request.headers)
    const viewer = key ? await authenticator.authenticate(key, clientAddress(request)) : null
    if (!viewer) return sendJson(response, 401, { errors: [unauthenticated().toJSON()] })
    if (request.headers['transfer-encoding']) {
      const body = await readCapped(request, maxBodyBytes)
      if (!body) return refuse(response, 413, `A request may have at most ${maxBodyBytes} bytes`)
      Object.assign(request, {
        body: (async function* () {
          yield body
        })(),
      })
      Object.assign((request as unknown as { body: object }).body, { length: body.length })
    }
    await engine.handle(request, response, { viewer })
  }
}

/** Who a preflight comes from: it is answered before anything is executed. */
const nobody = { appId: '', keyId: '', scopes: [], ip: '' }

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}

/** Answers and closes: what is still being sent is not read. */
function refuse(response: ServerResponse, status: number, message: string): void {
  response.setHeader('connection', 'close')
  sendJson(response, status, { errors: [{ message }] })
}

async function readCapped(request: IncomingMessage, limit: number): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > limit) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
