import type { IncomingMessage, Server } from 'node:http'
import { type DocumentNode, GraphQLError } from 'graphql'
import { CloseCode } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { type Authenticator, TooManyFailedKeysError } from '../access/authenticator.ts'
import type { ClientAddress } from '../access/client-address.ts'
import { keyOf } from '../access/key-of.ts'
import type { Viewer } from '../access/viewer.ts'
import type { GraphQLServer } from './server.ts'

/** Operations that one socket may have open at once. */
const MAX_OPERATIONS = 100
/** Unsent bytes at which a socket counts as stalled and is closed. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024
const KEEP_ALIVE_MS = 12_000

interface WebSocketDeps {
  engine: GraphQLServer
  authenticator: Authenticator
  clientAddress: ClientAddress
}

type Extra = { viewer?: Viewer; operations?: number }

/**
 * Answers GraphQL over WebSocket (graphql-transport-ws) at /graphql of `server`.
 * @param maxFrameBytes of one message; a bigger one closes the socket.
 * @param corsOrigins browser origins that may connect, beside the same one. @returns how to close all sockets.
 */
export function serveWebSocket(
  server: Server,
  { engine, authenticator, clientAddress }: WebSocketDeps,
  maxFrameBytes: number,
  corsOrigins: readonly string[],
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes })
  server.on('upgrade', (request, socket, head) => {
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/graphql') {
      socket.destroy()
      return
    }
    // Browsers let any site open a WebSocket and say which site it is; other clients say nothing.
    if (!originAllowed(request, corsOrigins)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request))
  })
  const disposable = useServer<Record<string, unknown>, Extra>(
    {
      // The engine's own execute and subscribe, so that HTTP and WebSocket answer alike.
      execute: ((args: { rootValue: { execute(args: unknown): unknown } }) => args.rootValue.execute(args)) as never,
      subscribe: ((args: { rootValue: { subscribe(args: unknown): unknown } }) =>
        args.rootValue.subscribe(args)) as never,
      async onConnect({ connectionParams, extra }) {
        const key = keyOf(connectionParams ?? {})
        const viewer = key ? await authenticator.authenticate(key, clientAddress(extra.request)).catch(noViewer) : null
        if (!viewer) return false
        extra.viewer = viewer
        return true
      },
      async onSubscribe({ extra, subscriptions }, _id, params) {
        if (Object.keys(subscriptions).length > MAX_OPERATIONS) {
          extra.socket.close(CloseCode.TooManyInitialisationRequests, `At most ${MAX_OPERATIONS} operations per socket`)
        }
        if (extra.socket.bufferedAmount > MAX_UNSENT_BYTES) extra.socket.terminate()
        const { viewer } = extra as Extra
        const { schema, execute, subscribe, contextFactory, parse, validate } = engine.getEnveloped({
          viewer,
          params,
        } as never)
        let document: DocumentNode
        try {
          document = parse(params.query)
        } catch (error) {
          if (error instanceof GraphQLError) return [error]
          throw error
        }
        const errors = validate(schema, document)
        if (errors.length > 0) return errors
        return {
          schema,
          operationName: params.operationName,
          document,
          variableValues: params.variables,
          contextValue: await contextFactory(),
          rootValue: { execute, subscribe },
        } as never
      },
    },
    sockets,
    KEEP_ALIVE_MS,
  )
  return async () => {
    await disposable.dispose()
    sockets.close()
  }
}

function originAllowed({ headers }: IncomingMessage, corsOrigins: readonly string[]): boolean {
  const { origin, host } = headers
  if (origin === undefined || corsOrigins.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

function noViewer(error: unknown): null {
  if (error instanceof TooManyFailedKeysError) return null
  throw error
}
