import { CloseCode, createClient as createSocketClient, type Client as SocketClient } from 'graphql-ws'
import { Client, cacheExchange, fetchExchange, mapExchange } from 'urql'
import { signOut } from './session.ts'

/** How the console talks to Herald: queries and mutations over HTTP, everything live over one WebSocket. */
export interface Api {
  readonly http: Client
  readonly socket: SocketClient
  /** Whether the socket is open at this moment. */
  isOpen(): boolean
}

const KEY_REFUSED = 'Herald does not accept this key: it is wrong, expired or revoked.'
/** How long the socket is kept once nothing live is shown, so that a change of page does not reconnect. */
const IDLE_SOCKET_MS = 5000
/** How often the socket is asked whether it still lives, and how long it may take to say so. */
const [PING_MS, PONG_MS] = [10_000, 5000]

export function createApi(key: string): Api {
  const http = new Client({
    url: '/graphql',
    // What is asked and filtered by stays out of URLs.
    preferGetMethod: false,
    requestPolicy: 'cache-and-network',
    fetchOptions: { headers: { 'x-api-key': key } },
    exchanges: [
      cacheExchange,
      mapExchange({
        onError(error) {
          if (error.response?.status === 401) signOut(KEY_REFUSED)
        },
      }),
      fetchExchange,
    ],
  })
  let open = false
  let deadline: ReturnType<typeof setTimeout>
  const socket = createSocketClient({
    url: new URL('/graphql', location.href.replace(/^http/, 'ws')).href,
    connectionParams: { 'x-api-key': key },
    lazyCloseTimeout: IDLE_SOCKET_MS,
    keepAlive: PING_MS,
    // `follow` subscribes anew by itself, from where it was.
    retryAttempts: 0,
    on: {
      connected: () => {
        open = true
      },
      ping: (received) => {
        if (!received) deadline = setTimeout(() => socket.terminate(), PONG_MS)
      },
      pong: (received) => {
        if (received) clearTimeout(deadline)
      },
      closed(event) {
        open = false
        clearTimeout(deadline)
        if ((event as CloseEvent).code === CloseCode.Forbidden) signOut(KEY_REFUSED)
      },
    },
  })
  return { http, socket, isOpen: () => open }
}
