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
  onItem: (item: any) => void = () => {},
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
        if (!data) return
        const [item] = Object.values(data)
        items.push(item)
        onItem(item)
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
      ended.resolve('complete')
    },
  }
}

/**
 * A client as it should be: subscribes again from its last cursor whenever its stream ends, however it ends.
 * @param target where to subscribe next.
 */
export function follow(transport: Transport, target: () => Pick<Herald, 'url' | 'key'>, after: string) {
  const query = 'subscription ($after: String) { events(after: $after) { sequence cursor } }'
  const log: number[] = []
  let cursor = after
  let stopped = false
  let current: ReturnType<typeof watch> | null = null

  async function run(): Promise<void> {
    while (!stopped) {
      let open = true
      const stream = watch(target(), transport, query, { after: cursor }, (item) => {
        if (!open) return
        log.push(item.sequence)
        cursor = item.cursor
      })
      current = stream
      await stream.ended
      open = false
      stream.close()
      // The server may be just starting again.
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const running = run()
  return {
    /** The sequences that it was given, over all its streams. */
    log,
    /** Breaks the connection off; it begins anew. */
    drop: () => current?.close(),
    async stop() {
      stopped = true
      current?.close()
      await running
    },
  }
}
