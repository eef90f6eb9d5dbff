import { gql, startHerald } from '../test/support/process.ts'
import { createWebhooks } from './fill.ts'
import { CREATE_AGENT } from './live.ts'
import { benchEnv, createApiClient, type Stand, timed } from './stand.ts'

const CONCURRENCY = 32
const MUTATIONS = 1000
/** Both are measured in turns, so that what else the machine does meanwhile is in both. */
const TURNS = 10
/** A mutation that is authorised, parsed, validated and answered, and does nothing. */
const NOTHING = JSON.stringify({ query: 'mutation { __typename }' })

/** agentCreate/s on one app, without webhooks, beside a mutation that does nothing on the same server. */
export async function ingestTable(stand: Stand) {
  const herald = await startHerald({ ...(await benchEnv('production', stand)), ROLES: 'api' })
  const client = createApiClient(herald, CONCURRENCY)
  const seconds = (count: number, body: string) => timed(count, CONCURRENCY, () => client.post(body))
  for (const body of [NOTHING, CREATE_AGENT]) await seconds(TURNS * MUTATIONS, body)
  let [nothing, create] = [0, 0]
  for (let turn = 0; turn < TURNS; turn++) {
    nothing += await seconds(MUTATIONS, NOTHING)
    create += await seconds(MUTATIONS, CREATE_AGENT)
  }
  await client.close()
  await herald.kill('SIGTERM')
  const rate = (seconds: number) => (TURNS * MUTATIONS) / seconds
  return [{ 'agentCreate/s': rate(create), 'nothing/s': rate(nothing), ratio: nothing / create }]
}

/** Files/s by contextFilesCreate in 500s, one call after the other, with 1 and 10 webhooks. */
export async function bulkTable(stand: Stand) {
  const rows = []
  for (const webhooks of [1, 10]) {
    const herald = await startHerald({ ...(await benchEnv('production', stand)), ROLES: 'api' })
    await createWebhooks(herald, stand.receiver, webhooks)
    const { contextCreate } = await gql(
      herald,
      'mutation { contextCreate(input: {name: "bench"}) { ... on ContextCreateSuccess { context { id } } } }',
    )
    const file = { contextId: contextCreate.context.id, name: 'f', mimeType: 'text/plain', documentContent: 'x' }
    const body = JSON.stringify({
      query: 'mutation ($inputs: [ContextFileCreateInput!]!) { contextFilesCreate(inputs: $inputs) { __typename } }',
      variables: { inputs: Array(500).fill(file) },
    })
    const client = createApiClient(herald, 1)
    await timed(5, 1, () => client.post(body))
    const seconds = await timed(20, 1, () => client.post(body))
    await client.close()
    await herald.kill('SIGTERM')
    rows.push({ webhooks, 'files/s': 10_000 / seconds, 'deliveries/s': (10_000 * webhooks) / seconds })
  }
  return rows
}
