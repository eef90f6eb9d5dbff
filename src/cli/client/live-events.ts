import { print } from 'graphql'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import {
  EventCursorDocument,
  type EventFieldsFragment,
  LiveEventsDocument,
  type LiveEventsSubscription,
  type LiveEventsSubscriptionVariables,
} from '../../console/gql/graphql.ts'
import { ask, CommandError, type Target } from './target.ts'

/** The first wait after a broken connection; each further one is twice as long, up to the longest. */
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000

/** Close codes after which to try again would change nothing, and error codes after which it may. */
const fatalCloses = new Set([4400, 4403, 4406])
const passingCodes = new Set(['INTERNAL_SERVER_ERROR', 'RATE_LIMITED', 'TOO_MANY_OPERATIONS'])

/**
 * Events as they are committed, each once and in sequence, over as many connections as it takes.
 * @param variables `after`: behind which event to begin; not given: behind the newest.
 * @param onTrouble told that the connection was lost, and after how long it is tried again.
 * @throws CommandError where the server refuses.
 */
export async function* liveEvents(
  target: Target,
  variables: LiveEventsSubscriptionVariables,
  onTrouble: (reason: string, waitMs: number) => void,
): AsyncGenerator<EventFieldsFragment> {
  let after = variables.after ?? (await ask(target, EventCursorDocument)).app.eventCursor
  let wait = FIRST_WAIT_MS
  for (;;) {
    let reason = 'the server ended the stream'
    try {
      for await (const event of connection(target, { ...variables, after })) {
        yield event
        after = event.cursor
        wait = FIRST_WAIT_MS
      }
    } catch (error) {
      reason = reasonOf(error)
    }
    onTrouble(reason, wait)
    await new Promise((resolve) => setTimeout(resolve, wait * (0.8 + Math.random() * 0.4)))
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }
}

/** One connection's events. Ends, or fails, with it. */
async function* connection(target: Target, variables: LiveEventsSubscriptionVariables) {
  const client = createClient({
    url: target.url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { 'x-api-key': target.key },
    retryAttempts: 0,
    // A server that is gone without a word is noticed.
    keepAlive: 10_000,
  })
  try {
    const results = client.iterate<LiveEventsSubscription>({
      query: print(LiveEventsDocument),
      variables: { ...variables },
    })
    for await (const { data, errors } of results) {
      if (errors) throw errors
      if (data) yield data.events
    }
  } finally {
    void client.dispose()
  }
}

/** What went wrong, in words. @throws CommandError where it would go wrong again. */
function reasonOf(error: unknown): string {
  if (Array.isArray(error)) {
    const [{ message, extensions } = { message: 'an error without a message' }] = error
    if (!passingCodes.has(String(extensions?.code))) throw new CommandError(message)
    return message
  }
  const { code, reason, message } = error as { code?: number | string; reason?: string; message?: string }
  if (code === 4403) throw new CommandError('The server does not accept this API key')
  if (typeof code === 'number' && fatalCloses.has(code)) throw new CommandError(`The server refused: ${reason}`)
  return message || (typeof code === 'number' ? `closed with ${code}` : 'the connection was lost')
}
