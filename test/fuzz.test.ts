import net from 'node:net'
import fc from 'fast-check'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import WebSocket from 'ws'
import { gql, type Herald, settingEnv, startHerald } from './support/herald.ts'
import { openSocket } from './support/ws.ts'

// 10,000 cases in all, in batches that share connections: whatever comes in, the process lives, answers no 5xx, and
// says nothing of its inside or of others.
const BATCH = 50
const batches = (cases: number) => ({ numRuns: cases / BATCH })

let herald: Herald
let agent: Agent
beforeAll(async () => {
  herald = await startHerald({
    ...(await settingEnv('production')),
    ROLES: 'api',
    RATE_LIMIT_PER_MIN: '0',
    RATE_LIMIT_FAILED_KEYS: '0',
  })
  agent = new Agent({ connections: 16 })
  await gql(herald, 'mutation { contextCreate(input: {name: "planted"}) { __typename } }')
})
afterAll(async () => {
  expect(
    (await gql(herald, '{ contexts { nodes { name } } }')).contexts.nodes.some(({ name }: any) => name === 'planted'),
  ).toBe(true)
  await agent.close()
  // Only what is a bug is logged as an error.
  expect(herald.output()).not.toMatch(/"level":[56]0/)
  expect(await herald.kill('SIGTERM')).toBe(0)
})

const inside = /node_modules|\/src\/|\.ts:\d|Prisma|SELECT |at async|INTERNAL_SERVER_ERROR/

async function post(
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const response = await request(herald.url, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': herald.key, ...headers },
    body,
  })
  return { status: response.statusCode, text: await response.body.text() }
}

function assertSane(what: unknown, { status, text }: { status: number; text: string }): void {
  expect(status, JSON.stringify(what)).toBeLessThan(500)
  expect(text, JSON.stringify(what)).not.toMatch(inside)
  expect(text).not.toContain(herald.key)
}

// Documents that come near to what is right: names of the schema, values of every kind, broken now and then.
const word = fc.constantFrom(
  'app',
  'agents',
  'agent',
  'nodes',
  'edges',
  'node',
  'id',
  'name',
  'contexts',
  'files',
  'events',
  'data',
  'webhooks',
  'deliveries',
  'apiKeys',
  'auditLog',
  'contextCreate',
  'agentUpdate',
  'webhookRotateSecret',
  'apiKeyRevoke',
  '__typename',
  '__schema',
  '__type',
  'nonsense',
)
const literal = fc.oneof(
  fc.integer().map(String),
  fc.double().map(String),
  fc.string().map((text) => JSON.stringify(text)),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.constantFrom(
    'null',
    'true',
    'ACTIVE',
    '[]',
    '{}',
    '$v',
    '"""block"""',
    '9e999',
    '-0',
    '{id: {id: {}}}',
    '[[[1]]]',
  ),
)
const args = fc
  .array(fc.tuple(fc.constantFrom('id', 'first', 'after', 'input', 'since', 'search', 'overlapHours', 'x'), literal), {
    maxLength: 3,
  })
  .map((list) => (list.length === 0 ? '' : `(${list.map(([name, value]) => `${name}: ${value}`).join(', ')})`))
const selection: fc.Arbitrary<string> = fc.letrec<{ set: string }>((tie) => ({
  set: fc
    .array(fc.tuple(word, args, fc.option(tie('set'), { depthSize: 'small' })), { minLength: 1, maxLength: 4 })
    .map((fields) => `{ ${fields.map(([name, given, inner]) => `${name}${given} ${inner ?? ''}`).join(' ')} }`),
})).set
const query = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', 'query ', 'mutation ', 'subscription ', 'query ($v: ID!) ', 'fragment f on Query ', '{'),
      selection,
    )
    .map((parts) => parts.join('')),
  fc.string(),
  fc.string({ unit: 'binary' }),
)
const anything = fc.jsonValue({ depthSize: 'medium' })
const params = fc.record(
  {
    query: fc.oneof({ weight: 5, arbitrary: query }, { weight: 1, arbitrary: anything }),
    variables: fc.oneof(fc.record({ v: anything, id: anything }), anything),
    operationName: fc.oneof(fc.string(), anything),
    extensions: anything,
    __proto__: anything,
  },
  { requiredKeys: [] },
)
const body = fc.oneof(
  { weight: 6, arbitrary: params.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: anything.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.nat(3000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)) },
)

const batchOf = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: BATCH, maxLength: BATCH })

it('5,000 bodies', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(batchOf(body), async (bodies) => {
      await Promise.all(bodies.map(async (one) => assertSane(String(one), await post(one))))
    }),
    batches(5000),
  )
})

const headerName = fc.constantFrom(
  'x-api-key',
  'authorization',
  'content-type',
  'accept',
  'origin',
  'x-forwarded-for',
  'cookie',
  'content-encoding',
  'accept-encoding',
  'x-graphql-event-stream-token',
  'last-event-id',
  'if-none-match',
  'range',
  'x-http-method-override',
)
const headerValue = fc.oneof(
  fc.constantFrom(
    'application/json',
    'text/event-stream',
    'multipart/mixed',
    '*/*',
    'application/graphql-response+json',
    'Bearer x',
    'Bearer',
    'gzip',
    'null',
    'a'.repeat(3000),
  ),
  fc.stringMatching(/^[\x20-\x7e\xa1-\xff]{0,60}$/),
)
const headers = fc.dictionary(headerName, headerValue, { maxKeys: 6 })

it('2,000 heads', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(batchOf(headers), async (all) => {
      await Promise.all(all.map(async (one) => assertSane(one, await post('{"query":"{ app { id } }"}', one))))
    }),
    batches(2000),
  )
})

it('1,000 requests that are hardly HTTP', { timeout: 120_000 }, async () => {
  const { hostname, port } = new URL(herald.url)
  const line = fc.oneof(
    fc.constantFrom(
      'POST /graphql HTTP/1.1',
      'GET /graphql?query={app{id}} HTTP/1.1',
      'GET //graphql HTTP/1.1',
      'OPTIONS * HTTP/1.1',
      'GET /graphql HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade',
      'PRI * HTTP/2.0',
      'POST http://[ HTTP/1.1',
      'CONNECT x:1 HTTP/1.1',
    ),
    fc.string({ unit: 'binary' }),
  )
  const head = fc.constantFrom(
    'host: x',
    'content-length: 5',
    'content-length: -1',
    'content-length: 5\r\ncontent-length: 6',
    'transfer-encoding: chunked',
    'transfer-encoding: chunked\r\ncontent-length: 3',
    'x-api-key: \u0000',
    'content-type: application/json',
    'expect: 100-continue',
    ' folded',
    'sec-websocket-key: x',
    'host: [',
  )
  const raw = fc
    .tuple(line, fc.array(head, { maxLength: 5 }), fc.uint8Array({ maxLength: 60 }))
    .map(([first, rest, tail]) => Buffer.concat([Buffer.from([first, ...rest, '', ''].join('\r\n'), 'latin1'), tail]))
  const send = (bytes: Buffer) =>
    new Promise<string>((resolve) => {
      let text = ''
      const socket = net.connect(Number(port), hostname, () => socket.end(bytes))
      socket.on('data', (chunk) => (text += chunk))
      socket.on('error', () => {})
      socket.on('close', () => resolve(text))
    })
  await fc.assert(
    fc.asyncProperty(batchOf(raw), async (all) => {
      for (const text of await Promise.all(all.map(send))) {
        for (const [, status] of text.matchAll(/^HTTP\/1\.1 (\d+)/gm)) expect(Number(status)).toBeLessThan(500)
        expect(text).not.toMatch(inside)
      }
    }),
    batches(1000),
  )
})

it('2,000 frames', { timeout: 120_000 }, async () => {
  const type = fc.constantFrom('connection_init', 'subscribe', 'complete', 'ping', 'pong', 'next', 'error', 'nonsense')
  const id = fc.oneof(fc.constantFrom('1', '2', '__proto__', 'constructor', ''), fc.string())
  const message = fc.record({ type, id, payload: fc.oneof(params, anything) }, { requiredKeys: ['type'] })
  const frame = fc.oneof(
    { weight: 5, arbitrary: message.map((value): string | Buffer => JSON.stringify(value)) },
    {
      weight: 3,
      arbitrary: params.map((payload): string | Buffer => JSON.stringify({ type: 'subscribe', id: 's', payload })),
    },
    { weight: 1, arbitrary: fc.string().map((text): string | Buffer => text) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes): string | Buffer => Buffer.from(bytes)) },
  )
  let sent = 0
  await fc.assert(
    fc.asyncProperty(batchOf(frame), async (frames) => {
      let socket: Awaited<ReturnType<typeof openSocket>> | undefined
      for (const one of frames) {
        // Most frames end their socket, as they should: the next one gets a new one.
        if (!socket || socket.socket.readyState !== WebSocket.OPEN)
          socket = await openSocket(herald.url, { key: herald.key })
        socket.socket.send(one)
        sent++
        const open = await Promise.race([socket.closed.then(() => false), pong(socket.socket)])
        if (!open) expect((await socket.closed).code).not.toBe(4500)
      }
      expect(JSON.stringify(socket?.messages)).not.toMatch(inside)
      socket?.socket.close()
    }),
    batches(2000),
  )
  expect(sent).toBeGreaterThanOrEqual(2000)
})

/** Resolves when the other side has read what was sent so far. */
function pong(socket: WebSocket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once('pong', () => resolve(true))
    socket.ping('', undefined, () => {})
  })
}
