import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Agent, request } from 'undici'
import { environment, type Herald, type Servers } from '../test/support/process.ts'
import { bringUpServers } from '../test/support/servers.ts'

/** What the benchmarks run on: Postgres, Redis and a receiver, all on this machine. */
export interface Stand extends Servers {
  receiver: Receiver
  close(): Promise<void>
}

export interface Receiver {
  url: string
  /** How many callbacks have come since the last `take`. */
  count(): Promise<number>
  /** Each callback since the last `take`: its webhook-id and when it came, in ms since the epoch. */
  take(): Promise<[id: string, atMs: number][]>
}

export async function openStand(): Promise<Stand> {
  const { databaseUrl, redisUrl, stop } = await bringUpServers()
  const child = fork(fileURLToPath(new URL('receiver.ts', import.meta.url)), { stdio: 'inherit' })
  const answer = <T>(question?: string) =>
    new Promise<T>((resolve) => {
      child.once('message', (message) => resolve(message as T))
      if (question) child.send(question)
    })
  const { port } = await answer<{ port: number }>()
  return {
    databaseUrl,
    redisUrl,
    receiver: {
      url: `http://127.0.0.1:${port}`,
      count: async () => (await answer<{ count: number }>('count')).count,
      take: async () => (await answer<{ arrivals: [string, number][] }>('take')).arrivals,
    },
    async close() {
      child.kill()
      await stop()
    },
  }
}

/** The environment of a Herald on the stand. No limit but the machine's. */
export const benchEnv = async (setting: 'embedded' | 'production', stand: Stand) => ({
  ...(await environment(setting, stand)),
  RATE_LIMIT_PER_MIN: '0',
  RATE_LIMIT_SUBSCRIPTIONS: '0',
  WEBHOOK_LIMIT: '1000',
})

/** A client of Herald's API that costs as little as can be: kept-alive sockets, raw bodies. */
export function createApiClient({ url, key }: Pick<Herald, 'url' | 'key'>, connections: number) {
  const dispatcher = new Agent({ connections, pipelining: 1 })
  const headers = { 'content-type': 'application/json', 'x-api-key': key }
  return {
    async post(body: string): Promise<any> {
      const response = await request(url, { dispatcher, method: 'POST', headers, body })
      const { data, errors } = (await response.body.json()) as any
      if (errors) throw new Error(JSON.stringify(errors))
      return data
    },
    close: () => dispatcher.close(),
  }
}

/** Runs `work` so many times, so many at once. @returns seconds. */
export async function timed(count: number, concurrency: number, work: (index: number) => Promise<unknown>) {
  let next = 0
  const began = performance.now()
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < count) await work(next++)
    }),
  )
  return (performance.now() - began) / 1000
}

/** Polls until `done`, or fails after so many seconds. */
export async function until(done: () => Promise<boolean>, what: string, seconds = 300): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`never came: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The value below which the share `p` of the values lies. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN
}
