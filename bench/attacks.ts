import { Agent, request } from 'undici'
import { attacks } from '../test/support/attacks.ts'
import { startHerald } from '../test/support/process.ts'
import { benchEnv, percentile, type Stand } from './stand.ts'

const TIMES = 30

/** How long a server takes to refuse each document that is too much, beside one that it answers: milliseconds, one at a time. */
export async function attackTable(stand: Stand) {
  const herald = await startHerald({ ...(await benchEnv('production', stand)), ROLES: 'api' })
  const dispatcher = new Agent({ connections: 1 })
  const headers = { 'content-type': 'application/json', 'x-api-key': herald.key }
  const rows = []
  for (const [name, limit, query, variables] of [['nothing', '', '{ __typename }', {}] as const, ...attacks]) {
    const took: number[] = []
    for (let i = 0; i < TIMES; i++) {
      // Never the same text twice: nothing is known of it.
      const body = JSON.stringify({ query: `#${i}\n${query}`, variables })
      const began = performance.now()
      const response = await request(herald.url, { dispatcher, method: 'POST', headers, body })
      const text = await response.body.text()
      took.push(performance.now() - began)
      if (limit && !text.includes('LIMIT_EXCEEDED')) throw new Error(`${name} was not refused: ${text.slice(0, 200)}`)
    }
    rows.push({
      document: name,
      limit,
      'first, ms': took[0],
      'median, ms': percentile(took, 0.5),
      'worst, ms': Math.max(...took.slice(1)),
    })
  }
  await dispatcher.close()
  await herald.kill('SIGTERM')
  return rows
}
