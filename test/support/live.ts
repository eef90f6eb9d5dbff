import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWsClient } from 'graphql-ws'
import WebSocket from 'ws'
import type { Herald } from './herald.ts'

/** The two ways in which a client may watch. */
export const transports = ['sse', 'ws'] as const
export type Transport = (typeof transports)[number]

/** A subscription over a connection of its own, by the libraries that people use; it is not tried again. */
export function watch(
  herald: Pick<Herald, 'url' | 'key'>,
  transport: Transport,
  query: string,
  variables: Record<string, unknown> = {},
) {
  const items: any[] = []
  const errors: any[] = []
  const headers = { 'x-api-key': herald.key }
  const client =
    transport === 'sse'
      ? createSseClient({ url: herald.url, headers, retryAttempts: 0 })
      : createWsClient({
          url: herald.url.replace('http', 'ws'),
          webSocketImpl: WebSocket,
          connectionParams: headers,
          retryAttempts: 0,
        })
  const ended = Promise.withResolvers<'complete' | { error: any }>()
  const close = client.subscribe(
    { query, variables },
    {
      next({ data, errors: problems }) {
        if (problems) errors.push(...problems)
        if (data) items.push(Object.values(data)[0])
      },
      error: (error: any) => ended.resolve({ error }),
      complete: () => ended.resolve('complete'),
    },
  )
  return {
    items,
    errors,
    /** How it ended. */
    ended: ended.promise,
    close() {
      close()
      void client.dispose()
    },
  }
}
