import { useState } from 'react'
import { useQuery } from 'urql'
import { useDeliverySignal } from '../deliveries/use-delivery-changes.ts'
import {
  DeliveriesDocument,
  type DeliveriesQueryVariables,
  type DeliveryFieldsFragment,
  type DeliveryStatus,
  type EventType,
} from '../gql/graphql.ts'
import { usePages } from '../ui/pager.tsx'

export interface DeliveryFilter {
  status: DeliveryStatus | null
  type: EventType | null
  since: string | null
}

const PAGE = 25
/** Changed deliveries that are remembered on top of the page; with more, the page is read anew. */
const MAX_CHANGED = 200
const LISTS = { additionalTypenames: ['Delivery'] }

/**
 * A webhook's deliveries, newest first, page by page. Those on the page change live; on the first page new ones come in.
 * @param names of the wanted events' types on the wire: `status` and `type` are checked here too for what comes live.
 */
export function useDeliveries(webhookId: string, filter: DeliveryFilter, nameOf: (type: EventType) => string) {
  const { status, type, since } = filter
  const key = `${status} ${type} ${since}`
  const pages = usePages(key)
  const [changes, setChanges] = useState<ReadonlyMap<string, DeliveryFieldsFragment>>(new Map())
  const variables: DeliveriesQueryVariables = {
    first: PAGE,
    after: pages.after,
    webhookId,
    status,
    types: type ? [type] : null,
    since,
  }
  const [{ data, error, fetching }, again] = useQuery({ query: DeliveriesDocument, variables, context: LISTS })
  const read = () => {
    setChanges(new Map())
    again({ requestPolicy: 'network-only' })
  }
  const state = useDeliverySignal(
    webhookId,
    (changed) => {
      const next = new Map(changes)
      for (const delivery of changed) next.set(delivery.id, delivery)
      if (next.size > MAX_CHANGED) read()
      else setChanges(next)
    },
    read,
  )

  const page = data?.deliveries.nodes
  const fits = (delivery: DeliveryFieldsFragment) =>
    (status === null || delivery.status === status) &&
    (type === null || delivery.event.name === nameOf(type)) &&
    (since === null || delivery.createdAt >= since)
  const rows =
    page &&
    merge(page, changes, pages.number === 1)
      .filter(fits)
      .slice(0, PAGE)
  return { rows, pageInfo: data?.deliveries.pageInfo, pages, error, fetching, state }
}

/** The page with what has changed since it was read, and with what is newer where it is the first one. */
function merge(
  page: readonly DeliveryFieldsFragment[],
  changes: ReadonlyMap<string, DeliveryFieldsFragment>,
  isFirst: boolean,
): DeliveryFieldsFragment[] {
  const known = new Set(page.map(({ id }) => id))
  const newest = page[0]?.id ?? ''
  const added = isFirst ? [...changes.values()].filter(({ id }) => !known.has(id) && id > newest) : []
  added.sort((a, b) => (a.id < b.id ? 1 : -1))
  return [...added, ...page.map((delivery) => changes.get(delivery.id) ?? delivery)]
}
