import { useEffect, useRef } from 'react'
import { type EntityType, LiveEventsDocument, type LiveEventsSubscriptionVariables } from '../gql/graphql.ts'
import { useApi } from './api.tsx'
import { follow, type LiveState } from './follow.ts'

/** A list is read anew at most so often, however many events come. */
const AT_MOST_EVERY_MS = 400

/**
 * Calls `signal` when something happened to entities of these types, and when the connection is back. For lists, which
 * are read anew then.
 */
export function useEventSignal(entities: EntityType[], signal: () => void): void {
  const api = useApi()
  const latest = useRef(signal)
  useEffect(() => {
    latest.current = signal
  })
  const wanted = entities.join()
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let was: LiveState = 'connecting'
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        latest.current()
      }, AT_MOST_EVERY_MS)
    }
    const variables: LiveEventsSubscriptionVariables = { entities: wanted.split(',') as EntityType[] }
    const end = follow(api, LiveEventsDocument, {
      variables: () => variables,
      next: soon,
      state(state) {
        // What happened while it was lost was not told.
        if (state === 'live' && was === 'lost') soon()
        if (state !== 'connecting') was = state
      },
      refused: () => true,
    })
    return () => {
      end()
      clearTimeout(timer)
    }
  }, [api, wanted])
}
