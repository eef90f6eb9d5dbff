import type { IncomingMessage, Server } from 'node:http'
import { GraphQLError } from 'graphql'
import { CloseCode, handleProtocols } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Authenticator, TooManyFailedKeysError } from '../access/authenticator.ts'
import type { ClientAddress } from '../access/client-address.ts'
import { keyOf } from '../access/key-of.ts'
import type { KeyWatch } from '../access/key-watch.ts'
import type { Viewer } from '../access/viewer.ts'
import type { Logger } from '../log.ts'
import type { ApiMetrics } from '../metrics/api.ts'
import { maskError } from './errors.ts'
import { LiveStream } from './live/live-stream.ts'
import { overSocket } from './live/over-socket.ts'
import type { GraphQLServer } from './server.ts'
import { carry } from './sockets.ts'

/** Operations that one socket may have open at once. */
const MAX_OPERATIONS = 100
/** Unsent bytes at which a socket counts as stalled and is closed. Streams never come near; answers of queries may. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024

interface WebSocketDeps {
  engine: GraphQLServer
  authenticator: Authenticator
  clientAddress: ClientAddress
  keyWatch: KeyWatch
  metrics: ApiMetrics
  log: Logger
}

/** When the server stops, a client has so long to agree to the closing of its socket. */
const CLOSE_MS = 1000

type Extra = { viewer?: Viewer }

/**
 * Answers GraphQL over WebSocket (graphql-transport-ws) at /graphql of `server`.
 * @param maxFrameBytes of one message; a bigger one closes the socket.
 * @param corsOrigins browser origins that may connect, beside the same one. @returns how to close all sockets.
 */
export function serveWebSocket(
  server: Server,
  { engine, authenticator, clientAddress, keyWatch, metrics, log }: WebSocketDeps,
  maxFrameBytes: number,
  corsOrigins: readonly string[],
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, handleProtocols })
  server.on('upgrade', (request, socket, head) => {
    // Node has taken its own listener away; whoever hangs up now is nobody's fault.
    socket.on('error', () => socket.destroy())
    if (request.url?.split('?', 1)[0] !== '/graphql') {
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
  const goneOf = new WeakMap<WebSocket, AbortSignal>()
  sockets.on('connection', (socket) => {
    const gone = new AbortController()
    goneOf.set(socket, gone.signal)
    socket.once('close', () => gone.abort())
    socket.once('close', metrics.connected())
  })
  carry<Extra>(
    sockets,
    {
      jsonMessageReviver: refuseServerMessages,
      // The engine's own execute and subscribe, so that HTTP and WebSocket answer alike.
      execute: ((args: { rootValue: { execute(args: unknown): unknown } }) => args.rootValue.execute(args)) as never,
      subscribe: ((args: { rootValue: { subscribe(args: unknown): unknown } }) =>
        args.rootValue.subscribe(args)) as never,
      async onConnect({ connectionParams, extra }) {
        const key = keyOf(connectionParams ?? {})
        const viewer = key
          ? await authenticator.authenticate(key, clientAddress(extra.request)).catch(noViewer(extra.socket, log))
          : null
        if (!viewer) return false
        extra.viewer = viewer
        const { socket } = extra
        const stopWatching = keyWatch.watch(viewer, () => socket.close(CloseCode.Forbidden, 'Forbidden'))
        if (socket.readyState === socket.OPEN) socket.once('close', stopWatching)
        else stopWatching()
        return true
      },
      async onSubscribe({ extra, subscriptions }, _id, params) {
        const { socket } = extra
        if (Object.keys(subscriptions).length > MAX_OPERATIONS) return [tooManyOperations()]
        if (socket.bufferedAmount > MAX_UNSENT_BYTES) {
          socket.terminate()
          return [new GraphQLError('The socket does not read what it is sent')]
        }
        const initial = { viewer: extra.viewer, gone: goneOf.get(socket), params }
        const { schema, execute, subscribe, contextFactory, parse, validate } = engine.getEnveloped(initial as never)
        try {
          const document = parse(params.query)
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
        } catch (error) {
          // A document that cannot be parsed, or a bug.
          return [maskError(error, log)]
        }
      },
      onOperation({ extra }, id, _params, _args, result) {
        return result instanceof LiveStream ? overSocket(result, extra.socket, id) : undefined
      },
      onError: (_, __, ___, errors) => errors.map((error) => maskError(error, log).toJSON()),
    },
    log,
  )
  return async () => {
    const late = setTimeout(() => {
      for (const socket of sockets.clients) socket.terminate()
    }, CLOSE_MS)
    for (const socket of sockets.clients) socket.close(1001, 'Going away')
    await new Promise((resolve) => sockets.close(resolve))
    clearTimeout(late)
  }
}

function originAllowed({ headers }: IncomingMessage, corsOrigins: readonly string[]): boolean {
  const { origin, host } = headers
  if (origin === undefined || corsOrigins.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

/** Nobody is let in where too many keys were tried, or where nobody can be looked up. */
const noViewer =
  (socket: WebSocket, log: Logger) =>
  (error: unknown): null => {
    if (error instanceof TooManyFailedKeysError) return null
    log.error({ err: error }, 'a key was not looked up')
    socket.close(CloseCode.InternalServerError, 'Internal server error')
    return null
  }

/** What only a server says: a client that does has sent no message. */
const saidByServers = new Set(['connection_ack', 'next', 'error'])

function refuseServerMessages(key: string, value: unknown): unknown {
  if (key === '' && saidByServers.has((value as { type?: string } | null)?.type ?? ''))
    throw new Error('not for a server')
  return value
}

const tooManyOperations = () =>
  new GraphQLError(`A socket may have at most ${MAX_OPERATIONS} operations open at once`, {
    extensions: { code: 'TOO_MANY_OPERATIONS' },
  })
