import type { IncomingMessage } from 'node:http'
import { CloseCode, makeServer, type ServerOptions } from 'graphql-ws'
import type { WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../log.ts'

/** A socket is pinged this often, and closed when it has not answered by the next time. */
const KEEP_ALIVE_MS = 12_000

/** What the protocol's hooks are told of a connection. */
export interface Carrier {
  readonly socket: WebSocket
  readonly request: IncomingMessage
}

/**
 * Lets graphql-ws speak over `sockets`. Instead of its own adapter for ws, which writes what goes wrong to the console:
 * past the log, and at a stranger's bidding.
 */
export function carry<Extra extends object>(
  sockets: WebSocketServer,
  options: ServerOptions<Record<string, unknown>, Extra & Carrier>,
  log: Logger,
): void {
  const protocol = makeServer(options)

  sockets.on('connection', (socket, request) => {
    // A frame that is too big, text that is none: ws has closed the socket already, and said why.
    socket.on('error', (error) => log.debug({ err: error }, 'a socket broke the protocol'))
    keepAlive(socket)
    const onFailure = (error: unknown) => {
      // What could not be sent to a client that has left is nobody's fault.
      if (socket.readyState !== socket.OPEN) return
      log.error({ err: error }, 'a message over a socket failed')
      socket.close(CloseCode.InternalServerError, 'Internal server error')
    }
    const onClosed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => send(socket, text),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => socket.on('message', (data) => void handle(String(data)).catch(onFailure)),
      },
      { socket, request } as Extra & Carrier,
    )
    socket.once('close', (code, reason) => {
      Promise.resolve(onClosed(code, String(reason))).catch((error: unknown) =>
        log.error({ err: error }, 'a socket was not cleared away'),
      )
    })
  })
}

function send(socket: WebSocket, text: string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve()
  return new Promise((resolve, reject) => socket.send(text, (error) => (error ? reject(error) : resolve())))
}

function keepAlive(socket: WebSocket): void {
  let answered = true
  socket.on('pong', () => {
    answered = true
  })
  const pinging = setInterval(() => {
    if (!answered) return socket.terminate()
    answered = false
    socket.ping()
  }, KEEP_ALIVE_MS)
  socket.once('close', () => clearInterval(pinging))
}
