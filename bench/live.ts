import { type Herald, sql, startHerald } from '../test/support/process.ts'
import { createWebhooks, fill, ledger } from './fill.ts'
import { benchEnv, createApiClient, percentile, type Stand, until } from './stand.ts'

export const CREATE_AGENT = JSON.stringify({
  query: `mutation { agentCreate(input: {agentName: "A", agentPurpose: "p", formatting: "f"}) {
    ... on AgentCreateSuccess { agent { id } } } }`,
})

/** Changes at a steady rate. @returns ms from each mutation's answer to its callback; below 0 where that came first. */
async function latencies(stand: Stand, env: Record<string, string>, herald: Herald, perSecond: number, count: number) {
  const client = createApiClient(herald, 64)
  await stand.receiver.take()
  const answeredAt = new Map<string, number>()
  const answers: Promise<void>[] = []
  const began = performance.now()
  for (let index = 0; index < count; index++) {
    const wait = began + (index * 1000) / perSecond - performance.now()
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
    const answer = client.post(CREATE_AGENT)
    answers.push(
      answer.then((data) => void answeredAt.set(data.agentCreate.agent.id, performance.timeOrigin + performance.now())),
    )
  }
  await Promise.all(answers)
  await until(async () => (await stand.receiver.count()) >= count, 'all callbacks')
  await client.close()
  const arrivedAt = new Map(await stand.receiver.take())
  const events = await sql(env, 'SELECT id, "entityId" FROM "Event" WHERE "entityId" = ANY($1)', [
    [...answeredAt.keys()],
  ])
  const values = events.map(({ id, entityId }) => (arrivedAt.get(id) as number) - (answeredAt.get(entityId) as number))
  if (values.length !== count || values.some(Number.isNaN)) throw new Error('a callback did not come')
  const row = { 'p50 ms': percentile(values, 0.5), 'p99 ms': percentile(values, 0.99), 'max ms': Math.max(...values) }
  return { row, received: arrivedAt.size }
}

/** 300 changes a second for 30 s, after 5 s in which the code is compiled: ms from the mutation's answer to the receiver. */
export async function steadyTable(stand: Stand) {
  const env = await benchEnv('production', stand)
  const herald = await startHerald(env)
  await createWebhooks(herald, stand.receiver, 1)
  const before = await latencies(stand, env, herald, 300, 1500)
  const { row, received } = await latencies(stand, env, herald, 300, 9000)
  const balance = await ledger(herald, 1500 + 9000, before.received + received)
  await herald.kill('SIGTERM')
  return [{ 'changes/s': 300, seconds: 30, ...row, ledger: balance }]
}

/** A healthy endpoint at 50 changes a second: alone, and beside 10,000 due deliveries to one that hangs. */
export async function neighbourTable(stand: Stand) {
  const env = await benchEnv('production', stand)
  const herald = await startHerald(env)
  await createWebhooks(herald, stand.receiver, 1, 'hooks', ['AGENT'])
  await latencies(stand, env, herald, 50, 250)
  const alone = await latencies(stand, env, herald, 50, 500)
  await createWebhooks(herald, stand.receiver, 1, 'hang', ['CONTEXT_FILE'])
  await fill(herald, 10_001)
  const beside = await latencies(stand, env, herald, 50, 500)
  const balance = await ledger(herald, 750 + 500 + 10_000, 750 + beside.received)
  await herald.kill('SIGTERM')
  const ratio = beside.row['p99 ms'] / alone.row['p99 ms']
  return [
    { neighbour: 'none', ...alone.row },
    { neighbour: 'hanging, 10,000 due', ...beside.row, 'p99 ratio': ratio, ledger: balance },
  ]
}
