import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, type Herald, settingEnv, startHerald } from './support/herald.ts'
import { behaviours, startAuthority, startHostile } from './support/hostile.ts'
import { startReceiver } from './support/receiver.ts'

const TIMEOUT_MS = 1500
let herald: Herald
let authority: Awaited<ReturnType<typeof startAuthority>>
let neighbour: Awaited<ReturnType<typeof startReceiver>>
beforeAll(async () => {
  authority = await startAuthority()
  const trusted = join(mkdtempSync(join(tmpdir(), 'herald-ca-')), 'ca.pem')
  writeFileSync(trusted, authority.cert)
  neighbour = await startReceiver()
  herald = await startHerald({
    ...(await settingEnv('production')),
    CALLBACK_TIMEOUT_MS: String(TIMEOUT_MS),
    NODE_EXTRA_CA_CERTS: trusted,
  })
  await createWebhook(neighbour.url)
})
afterAll(async () => {
  await neighbour.close()
  expect(await herald.kill('SIGTERM')).toBe(0)
})

async function createWebhook(url: string): Promise<string> {
  const { webhookCreate } = await run(herald, api.WebhookCreateDocument, { input: { url, deliveryPolicy: 'ONCE' } })
  if (webhookCreate.__typename !== 'WebhookCreateSuccess') throw new Error(webhookCreate.message)
  return webhookCreate.webhook.id
}
const residentMb = () =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${herald.pid}/status`, 'utf8'))?.[1]) / 1024

/** Sends one event to this URL, and to the neighbour. @returns the attempt as the API shows it. */
async function attemptOn(url: string) {
  const webhookId = await createWebhook(url)
  const before = neighbour.received.length
  await run(herald, api.ContextCreateDocument, { input: { name: 'c' } })
  const { id } = await eventually(async () => {
    const [delivery] = (await run(herald, api.DeliveriesDocument, { webhookId })).deliveries.nodes
    return delivery && delivery.status !== 'PENDING' ? delivery : null
  }, 'the end of the attempt')
  await eventually(() => neighbour.received.length === before + 1, "the neighbour's callback")
  const { delivery } = await run(herald, api.DeliveryDocument, { id })
  await run(herald, api.WebhookDeleteDocument, { id: webhookId })
  expect(delivery?.attempts).toHaveLength(1)
  return delivery?.attempts[0] as NonNullable<typeof delivery>['attempts'][number]
}

const unreachable = { outcome: 'UNREACHABLE', responseStatus: null, responseBody: null }
const timedOut = {
  outcome: 'TIMED_OUT',
  responseStatus: null,
  failure: `No complete response head within ${TIMEOUT_MS} ms`,
}
const expected: Record<keyof typeof behaviours, object> = {
  reset: { ...unreachable, failure: expect.stringMatching(/ECONNRESET|closed/) },
  fin: { ...unreachable, failure: expect.stringMatching(/closed/) },
  garbage: { ...unreachable, failure: expect.stringMatching(/HTTP|parse/i) },
  'half a head': { ...unreachable, failure: expect.stringMatching(/closed|HTTP|parse/i) },
  'half a body': { outcome: 'DELIVERED', responseStatus: 200, responseBody: 'only this', responseBodyTruncated: true },
  'switching protocols': { ...unreachable, failure: expect.stringMatching(/upgrade/) },
  'endless 103': timedOut,
  'a byte at a time': timedOut,
  'a dripping body': { outcome: 'DELIVERED', responseStatus: 200, responseBodyTruncated: true },
  silence: timedOut,
  'a gigabyte': {
    outcome: 'DELIVERED',
    responseStatus: 200,
    responseBody: 'x'.repeat(16_384),
    responseBodyTruncated: true,
  },
  'a gigabyte of headers': { ...unreachable, failure: expect.stringMatching(/header/i) },
  'a gzip bomb': { outcome: 'DELIVERED', responseStatus: 200, responseBodyTruncated: false },
  'broken text': {
    outcome: 'DELIVERED',
    responseStatus: 200,
    responseBody: 'a\0\ufffd\ufffd',
    responseBodyTruncated: false,
  },
}

it.each(Object.keys(behaviours) as (keyof typeof behaviours)[])(
  'survives %s, and the neighbour with it',
  async (name) => {
    const endpoint = await startHostile(behaviours[name])
    const before = residentMb()
    const attempt = await attemptOn(`http://127.0.0.1:${endpoint.port}/`)
    expect(attempt).toMatchObject(expected[name])
    expect(residentMb() - before).toBeLessThan(50)
    endpoint.close()
  },
)

it.each([301, 302, 307, 308])('does not follow a %i', async (status) => {
  let touched = 0
  const canary = createServer((_, response) => {
    touched++
    response.end()
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.2', resolve))
  const { port } = canary.address() as { port: number }
  const endpoint = await startReceiver((response) => {
    response.writeHead(status, { location: `http://127.0.0.2:${port}/canary` }).end()
  })
  expect(await attemptOn(endpoint.url)).toMatchObject({
    outcome: 'REJECTED',
    responseStatus: status,
    responseHeaders: { location: `http://127.0.0.2:${port}/canary` },
    failure: `The endpoint answered ${status}`,
  })
  expect(touched).toBe(0)
  canary.close()
  await endpoint.close()
})

it('verifies certificates: by authority, name and time', async () => {
  const answer = (socket: Parameters<typeof behaviours.silence>[number] & { end(text: string): unknown }) =>
    void socket.end('HTTP/1.1 204 No Content\r\n\r\n')
  const over = async (pair: { key: string; cert: string }) => {
    const endpoint = await startHostile(answer as never, pair)
    const attempt = await attemptOn(`https://localhost:${endpoint.port}/`)
    endpoint.close()
    return attempt
  }
  expect(await over(await authority.sign('localhost'))).toMatchObject({ outcome: 'DELIVERED', responseStatus: 204 })
  expect(await over(await authority.sign('localhost', -3, -1))).toMatchObject({
    ...unreachable,
    failure: expect.stringContaining('expired'),
  })
  expect(await over(await authority.sign('localhost', -1, 1, true))).toMatchObject({
    ...unreachable,
    failure: expect.stringMatching(/self.signed/),
  })
  expect(await over(await authority.sign('elsewhere.example'))).toMatchObject({
    ...unreachable,
    failure: expect.stringMatching(/altnames|does not match/),
  })
})

it('says that nobody listens, and that there is no such name', async () => {
  expect(await attemptOn('http://127.0.0.1:9009/')).toMatchObject({
    ...unreachable,
    failure: expect.stringContaining('ECONNREFUSED'),
  })
  expect(await attemptOn('http://no-such-name.invalid/')).toMatchObject({
    ...unreachable,
    failure: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
  })
})
