import { createHmac, randomBytes } from 'node:crypto'
import { Agent, request } from 'undici'
import type { Receiver } from './stand.ts'
import { timed } from './stand.ts'

/**
 * What every figure is beside: a loop that signs and posts bodies of the same size to the same receiver, and nothing
 * else: no database, no retries, no record. @returns callbacks per second.
 */
export async function bareLoop(receiver: Receiver, count: number, urls: number, concurrencyPerUrl: number) {
  const dispatcher = new Agent({ connections: concurrencyPerUrl, pipelining: 1 })
  const key = randomBytes(24)
  const body = JSON.stringify({ type: 'contextfile.created', padding: 'x'.repeat(550) })
  await receiver.take()
  const seconds = await timed(count, urls * concurrencyPerUrl, async (index) => {
    const id = `evt_${index}`
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    const response = await request(`${receiver.url}/hooks/${index % urls}`, {
      dispatcher,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Herald/bare',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
        'herald-delivery': 'dlv_00000000000000000000000000000000',
        'herald-attempt': '1',
      },
      body,
    })
    await response.body.dump()
  })
  await dispatcher.close()
  const { length } = await receiver.take()
  if (length !== count) throw new Error(`the bare loop sent ${count}, and ${length} arrived`)
  return count / seconds
}
