import { stringifyDocument, type TypedDocumentNode } from 'urql'
import type { Api } from './client.ts'

/** How a live view stands: it follows, it is about to, or the connection is lost and tried again. */
export type LiveState = 'connecting' | 'live' | 'lost'

/** An error that the subscription itself ended in; another attempt with the same variables would end the same. */
export interface Refusal {
  message: string
  code: unknown
}

interface Follower<Data, Variables> {
  /** Asked anew for each attempt, so that it goes on where the last one was. */
  variables(): Variables
  next(data: Data): void
  state(state: LiveState): void
  /** @returns whether to try again, with what `variables` says then. */
  refused(refusal: Refusal): boolean
}

/** The first pause after a lost connection, and the longest. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [250, 5000]
/** GraphQL over WebSocket does not say that a subscription stands; without an answer for so long, it does. */
const STANDS_AFTER_MS = 150

/** Follows a subscription until it is ended by the function returned. A lost connection is mended by itself. */
export function follow<Data, Variables extends Record<string, unknown>>(
  { socket, isOpen }: Api,
  document: TypedDocumentNode<Data, Variables>,
  follower: Follower<Data, Variables>,
): () => void {
  const query = stringifyDocument(document)
  let ended = false
  let unsubscribe = () => {}
  let timer: ReturnType<typeof setTimeout>
  let pauseMs = FIRST_PAUSE_MS

  function again(): void {
    if (ended) return
    follower.state('lost')
    clearTimeout(timer)
    timer = setTimeout(attempt, pauseMs * (0.75 + Math.random() / 2))
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }

  function stands(): void {
    clearTimeout(timer)
    pauseMs = FIRST_PAUSE_MS
    follower.state('live')
  }

  function attempt(): void {
    let over = false
    const standsSoon = () => {
      timer = setTimeout(stands, STANDS_AFTER_MS)
    }
    const stopListening = socket.on('connected', standsSoon)
    if (isOpen()) standsSoon()
    const finish = () => {
      if (over) return false
      over = true
      stopListening()
      clearTimeout(timer)
      return !ended
    }
    const end = socket.subscribe<Data>(
      { query, variables: follower.variables() },
      {
        next({ data, errors }) {
          const [error] = errors ?? []
          if (error && finish()) {
            if (follower.refused({ message: error.message, code: error.extensions?.code })) again()
          } else if (data) {
            stands()
            follower.next(data)
          }
        },
        error(cause) {
          if (!finish()) return
          const [error] = Array.isArray(cause) ? cause : []
          if (!error || follower.refused({ message: error.message, code: error.extensions?.code })) again()
        },
        complete() {
          if (finish()) again()
        },
      },
    )
    unsubscribe = () => {
      finish()
      end()
    }
  }

  follower.state('connecting')
  attempt()
  return () => {
    ended = true
    clearTimeout(timer)
    unsubscribe()
  }
}
