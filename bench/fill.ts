import { gql, type Herald } from '../test/support/process.ts'
import type { Receiver } from './stand.ts'

/** Makes webhooks of everything to the receiver. @returns their ids. */
export async function createWebhooks(
  herald: Herald,
  receiver: Receiver,
  count: number,
  path = 'hooks',
  entities: string[] = [],
) {
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    const { webhookCreate } = await gql(
      herald,
      `mutation ($url: String!, $entities: [EntityType!]) { webhookCreate(input: {url: $url, entities: $entities}) {
        ... on WebhookCreateSuccess { webhook { id } } } }`,
      { url: `${receiver.url}/${path}/${index}`, entities },
    )
    ids.push(webhookCreate.webhook.id)
  }
  return ids
}

/** Makes so many events at once: files of a new context, 500 by 500. */
export async function fill(herald: Herald, events: number): Promise<void> {
  const { contextCreate } = await gql(
    herald,
    'mutation { contextCreate(input: {name: "bench"}) { ... on ContextCreateSuccess { context { id } } } }',
  )
  const file = { contextId: contextCreate.context.id, name: 'Guide.pdf', mimeType: 'text/plain', documentContent: 'x' }
  // The context's own event is one of them.
  for (let left = events - 1; left > 0; left -= 500) {
    const { contextFilesCreate } = await gql(
      herald,
      `mutation ($inputs: [ContextFileCreateInput!]!) { contextFilesCreate(inputs: $inputs) { __typename } }`,
      { inputs: Array(Math.min(500, left)).fill(file) },
    )
    if (contextFilesCreate.__typename !== 'ContextFilesCreateSuccess') throw new Error(contextFilesCreate.__typename)
  }
}

/**
 * published = received + pending + failed: what the benchmark published, what its receiver got, and what the API says of
 * the rest. @throws where it does not balance: the table is void then.
 */
export async function ledger(herald: Herald, published: number, received: number): Promise<string> {
  const [pending, failed] = [await countOf(herald, 'PENDING'), await countOf(herald, 'FAILED')]
  const line = `${published} = ${received} + ${pending} + ${failed}`
  if (published !== received + pending + failed) throw new Error(`the ledger does not balance: ${line}`)
  return line
}

/** Pages through the deliveries with this status. */
export async function countOf(herald: Herald, status: string): Promise<number> {
  let [count, after]: [number, string | null] = [0, null]
  for (;;) {
    const { deliveries } = await gql(
      herald,
      `query ($status: DeliveryStatus, $after: String) { deliveries(first: 100, status: $status, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } }`,
      { status, after },
    )
    count += deliveries.nodes.length
    if (!deliveries.pageInfo.hasNextPage) return count
    after = deliveries.pageInfo.endCursor
  }
}
