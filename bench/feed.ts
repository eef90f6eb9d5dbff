import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gql, type Herald, sql, startHerald } from '../test/support/process.ts'
import { benchEnv, percentile, type Stand, until } from './stand.ts'
import type { Count, Counted, Open } from './watchers.ts'

const SUBSCRIBERS = 1000
/** Events, one after the other: the next is made when the last subscriber has the one before. */
const EVENTS = 150

/** A forked process that is told something and answers once. */
function start(file: string) {
  const child: ChildProcess = fork(fileURLToPath(new URL(file, import.meta.url)), {
    stdio: 'inherit',
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const answer = <T>() => new Promise<T>((resolve) => child.once('message', (message) => resolve(message as T)))
  return {
    answer,
    tell: (message: object) => child.send(message),
    ask<T>(message: object): Promise<T> {
      const answered = answer<T>()
      child.send(message)
      return answered
    },
    kill: () => child.kill(),
  }
}
type Process = ReturnType<typeof start>

/** 1 event to 1,000 subscribers: messages a second beside a bare `ws` broadcast of the same bytes, and how late. */
export async function feedTable(stand: Stand) {
  const env = { ...(await benchEnv('production', stand)), ROLES: 'api', RATE_LIMIT_SUBSCRIPTIONS: '0' }
  const watchers = start('watchers.ts')
  const broadcaster = start('broadcaster.ts')
  const { port } = await broadcaster.answer<{ port: number }>()
  const rows: object[] = []
  try {
    for (const transport of ['ws', 'sse'] as const) {
      for (const different of [false, true]) {
        const herald = await startHerald(env)
        const bareUrl = `http://127.0.0.1:${port}`
        const row = await measure(herald, env, watchers, { broadcaster, bareUrl }, { transport, different })
        rows.push({
          transport,
          document: different ? 'all different' : 'the same',
          'messages/s': row.rate,
          'bare ws/s': row.bareRate,
          ratio: row.rate / row.bareRate,
          'p50 ms': percentile(row.lateness, 0.5),
          'p99 ms': percentile(row.lateness, 0.99),
          'kB each, idle': row.kbEach,
        })
        await herald.kill('SIGTERM')
      }
    }
  } finally {
    watchers.kill()
    broadcaster.kill()
  }
  return rows
}

/** Of one event: from the first subscriber's message to the last's. */
const spreadMs = ({ firstMs, lastMs }: Counted) => lastMs - firstMs
const rateOf = (spreads: number[]) => ((SUBSCRIBERS - 1) * 1000) / percentile(spreads, 0.5)
const rssKb = ({ pid }: Herald) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

async function measure(
  herald: Herald,
  env: Record<string, string>,
  watchers: Process,
  { broadcaster, bareUrl }: { broadcaster: Process; bareUrl: string },
  { transport, different }: Pick<Open, 'transport' | 'different'>,
) {
  const { contextCreate } = await gql(
    herald,
    'mutation { contextCreate(input: {name: "c"}) { ... on ContextCreateSuccess { context { id } } } }',
  )
  const file = { contextId: contextCreate.context.id, name: 'f', mimeType: 'text/plain', documentContent: 'x' }
  const create = () =>
    gql(herald, 'mutation ($input: ContextFileCreateInput!) { contextFileCreate(input: $input) { __typename } }', {
      input: file,
    })
  for (let i = 0; i < 50; i++) await create()
  const rssBefore = rssKb(herald)
  await watchers.ask({
    do: 'open',
    transport,
    different,
    url: herald.url,
    key: herald.key,
    count: SUBSCRIBERS,
  } satisfies Open)
  const kbEach = (rssKb(herald) - rssBefore) / SUBSCRIBERS
  let sample = ''
  await until(async () => {
    await create()
    const answer = await watchers.ask<{ seen: number; sample: string }>({ do: 'seen' })
    sample = answer.sample
    return answer.seen === SUBSCRIBERS
  }, 'all subscribers open')
  const bare = { transport: 'bare' as const, different: false, url: bareUrl, key: '', count: SUBSCRIBERS }
  await watchers.ask({ do: 'open', ...bare } satisfies Open)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const spreads: number[] = []
  const bareSpreads: number[] = []
  const lastOf: [number, number][] = []
  // In turns, so that what else the machine does falls on both.
  for (let i = 0; i < EVENTS; i++) {
    const counted = await countOne(watchers, create)
    spreads.push(spreadMs(counted))
    lastOf.push(...counted.lastOf)
    bareSpreads.push(spreadMs(await countOne(watchers, () => broadcaster.tell({ text: sample }))))
  }
  const events = await sql(env, 'SELECT sequence, "occurredAt" FROM "Event" WHERE sequence = ANY($1)', [
    lastOf.map(([sequence]) => sequence),
  ])
  const committedAt = new Map(events.map(({ sequence, occurredAt }) => [sequence, occurredAt.getTime()]))
  const lateness = lastOf.map(([sequence, atMs]) => atMs - committedAt.get(sequence))
  if (lateness.length !== EVENTS || lateness.some(Number.isNaN)) throw new Error('an event did not come')
  await watchers.ask({ do: 'close' })
  return { rate: rateOf(spreads), bareRate: rateOf(bareSpreads), lateness, kbEach, sample }
}

/** Has something sent to all subscribers, and waits until all have it. */
async function countOne(watchers: Process, sendOne: () => unknown): Promise<Counted> {
  await watchers.ask({ do: 'count', messages: SUBSCRIBERS } satisfies Count)
  const counted = watchers.answer<Counted>()
  await sendOne()
  return counted
}
