import { useEffect, useRef, useState } from 'react'
import { useApi } from '../api/api.tsx'
import { batched } from '../api/batched.ts'
import { follow, type LiveState } from '../api/follow.ts'
import { DeliveryChangesDocument, type DeliveryFieldsFragment } from '../gql/graphql.ts'

/**
 * Hears of deliveries that changed, some at a time.
 * @param webhookId only those to it; null: all. @param back the connection was lost and is back: what changed
 * meanwhile was not told.
 */
export function useDeliverySignal(
  webhookId: string | null,
  changed: (deliveries: DeliveryFieldsFragment[]) => void,
  back: () => void = () => {},
): LiveState {
  const api = useApi()
  const [state, setState] = useState<LiveState>('connecting')
  const latest = useRef({ changed, back })
  useEffect(() => {
    latest.current = { changed, back }
  })
  useEffect(() => {
    const batch = batched<DeliveryFieldsFragment>((deliveries) => latest.current.changed(deliveries))
    let lost = false
    const end = follow(api, DeliveryChangesDocument, {
      variables: () => ({ webhookId }),
      next: ({ deliveryChanged }) => batch.add(deliveryChanged),
      state(next) {
        if (next === 'live' && lost) latest.current.back()
        if (next !== 'connecting') lost = next === 'lost'
        setState(next)
      },
      refused: () => true,
    })
    return () => {
      end()
      batch.clear()
    }
  }, [api, webhookId])
  return state
}
