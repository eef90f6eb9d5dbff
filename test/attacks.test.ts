import { request } from 'node:http'
import net from 'node:net'
import { getIntrospectionQuery } from 'graphql'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { attacks, typeChain } from './support/attacks.ts'
import { eventually, gql, type Herald, raw, settingEnv, startHerald } from './support/herald.ts'
import { openSocket } from './support/ws.ts'

let herald: Herald
beforeAll(async () => {
  herald = await startHerald({ ...(await settingEnv('production')), CORS_ORIGINS: 'https://app.example' })
})
afterAll(async () => {
  expect(await herald.kill('SIGTERM')).toBe(0)
})
/** After each attack the process is there, has logged no bug, and answers. */
afterEach(async () => {
  expect((await gql(herald, '{ app { name } }')).app.name).toBe('Default')
  expect(herald.output()).not.toMatch(/"level":[56]0/)
})

describe('a document that is too much', () => {
  it.each(attacks)('%s: refused by the limit of %s', async (_name, limit, query, variables) => {
    const overHttp = await raw(herald, query, variables)
    expect(overHttp.data ?? null).toBeNull()
    expect(overHttp.errors).toHaveLength(1)
    expect(overHttp.errors[0].extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', limit, max: expect.any(Number) })
    expect(overHttp.errors[0].message).toContain(String(overHttp.errors[0].extensions.max))
    const socket = await openSocket(herald.url, { key: herald.key })
    expect((await socket.run('1', query, variables)).errors).toEqual(overHttp.errors)
    expect((await socket.run('2', '{ app { name } }')).data).toEqual({ app: { name: 'Default' } })
    socket.socket.close()
  })

  it('a fragment that holds itself', async () => {
    const { errors } = await raw(herald, '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }')
    expect(errors.map(({ message }: Error) => message)).toEqual(['The fragment a holds itself'])
  })

  it('a type within its fields within its fields, by the engine itself', async () => {
    const { errors } = await raw(herald, `{ __schema { types { ${typeChain(3)} } } }`)
    expect(errors[0].message).toBe('Maximum introspection depth exceeded')
  })
})

it('answers introspection, as tools ask for it', async () => {
  const all = {
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  }
  const { data, errors } = await raw(herald, getIntrospectionQuery(all))
  expect(errors).toBeUndefined()
  expect(data.__schema.types.length).toBeGreaterThan(50)
})

it('suggests nothing in production, and does where it is told to', async () => {
  const other = await startHerald({ ...(await settingEnv('production')), ROLES: 'api', GRAPHQL_SUGGESTIONS: 'on' })
  const messages = async (at: Herald) => [
    (await raw(at, '{ agentz }')).errors[0].message,
    (await raw(at, 'query ($s: WebhookStatus) { webhooks(status: $s) { totalCount } }', { s: 'ACTIV' })).errors[0]
      .message,
  ]
  for (const message of await messages(herald)) expect(message).not.toContain('Did you mean')
  for (const message of await messages(other)) expect(message).toContain('Did you mean')
  expect(await other.kill('SIGTERM')).toBe(0)
})

const post = (body: RequestInit['body'], headers: Record<string, string> = {}, url = herald.url) =>
  fetch(url, {
    method: 'POST',
    body,
    headers: { 'x-api-key': herald.key, 'content-type': 'application/json', ...headers },
    duplex: 'half',
  } as RequestInit)
const MUTATION = 'mutation { contextCreate(input: {name: "forged"}) { __typename } }'
const contexts = async () => (await gql(herald, '{ contexts { totalCount } }')).contexts.totalCount

it('takes one operation a request, as JSON, and nothing that a form of another site can send', async () => {
  const body = JSON.stringify({ query: MUTATION })
  const before = await contexts()
  const form = new FormData()
  form.set('operations', body)
  form.set('map', '{}')
  const multipart = new Request(herald.url, { method: 'POST', body: form })
  const types = [
    'application/x-www-form-urlencoded',
    'text/plain',
    'text/plain; application/json',
    'application/json-seq',
    'application/graphql',
    'application/json; charset=utf-16',
    multipart.headers.get('content-type') as string,
  ]
  for (const type of types) {
    const response = await post(type.startsWith('multipart') ? await multipart.text() : body, { 'content-type': type })
    expect([type, response.status]).toEqual([type, 415])
    expect((await response.json()).errors[0].extensions.code).toBe('UNSUPPORTED_MEDIA_TYPE')
  }
  const get = await fetch(`${herald.url}?query=${encodeURIComponent(MUTATION)}`, {
    headers: { 'x-api-key': herald.key },
  })
  expect(get.status).toBe(405)
  const batch = await post(`[${body},${body}]`)
  expect(batch.status).toBe(400)
  expect(await contexts()).toBe(before)
  expect((await post(body, { 'content-type': 'application/json;charset=UTF-8' })).status).toBe(200)
  expect(await contexts()).toBe(before + 1)
})

it('lets no other site read an answer, but those that were named', async () => {
  const preflight = (origin: string) =>
    fetch(herald.url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-api-key',
      },
    })
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).not.toBe(
    'https://evil.example',
  )
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).not.toBe('*')
  expect((await preflight('https://app.example')).headers.get('access-control-allow-origin')).toBe(
    'https://app.example',
  )
  const answered = await post('{"query":"{ app { id } }"}', { origin: 'https://evil.example' })
  expect(['https://evil.example', '*']).not.toContain(answered.headers.get('access-control-allow-origin'))
})

it('says to browsers what its answers are', async () => {
  for (const [url, init] of [
    [herald.url, { headers: { 'x-api-key': herald.key, accept: 'text/html' } }],
    [herald.url.replace('/graphql', '/health'), {}],
  ] as const) {
    const { headers } = await fetch(url, init)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-type') ?? '').not.toContain('html')
  }
  expect((await post('{"query":"{ app { id } }"}')).headers.get('cache-control')).toBe('no-store')
})

describe('a body that is too big', () => {
  const big = JSON.stringify({ query: `{ app { id } } # ${'x'.repeat(20_000_000)}` })
  it('is refused by its length', async () => {
    const response = await post(big)
    expect(response.status).toBe(413)
    expect((await response.json()).errors[0]).toEqual({
      message: 'A request may have at most 1048576 bytes',
      extensions: { code: 'BODY_TOO_LARGE' },
    })
  })

  it('is refused in chunks, with a length that lies, and never more of it kept than is allowed', async () => {
    let sent = 0
    const chunks = new ReadableStream({
      pull(controller) {
        sent += 65_536
        if (sent > 20_000_000) controller.close()
        else controller.enqueue(new Uint8Array(65_536))
      },
    })
    expect((await post(chunks as never)).status).toBe(413)
    const exact = JSON.stringify({ query: '{ app { id } }' }).padEnd(1_048_576, ' ')
    expect((await post(exact)).status).toBe(200)
    expect((await post(`${exact} `)).status).toBe(413)
  })

  it('is answered on a connection that goes on', async () => {
    const response = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'x-api-key': herald.key, 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
      const sending = request(herald.url, { method: 'POST', headers }, ({ statusCode }) => resolve(statusCode))
      sending.on('error', reject)
      for (let i = 0; i < 40; i++) sending.write(Buffer.alloc(65_536))
      sending.end()
    })
    expect(response).toBe(413)
  })
})

it('hangs up on who sends a head or a body drop by drop', async () => {
  const { hostname, port } = new URL(herald.url)
  const head = `POST /graphql HTTP/1.1\r\nhost: x\r\nx-api-key: ${herald.key}\r\ncontent-type: application/json\r\n`
  const drip = (begin: string, drop: string) =>
    new Promise<string>((resolve) => {
      let text = ''
      const socket = net.connect(Number(port), hostname, () => socket.write(begin))
      const dripping = setInterval(() => socket.write(drop), 500)
      socket.on('data', (chunk) => (text += chunk))
      socket.on('error', () => {})
      socket.on('close', () => {
        clearInterval(dripping)
        resolve(text)
      })
    })
  const answers = await Promise.all([drip(head, 'x-a: b\r\n'), drip(`${head}content-length: 5000\r\n\r\n`, ' ')])
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 /)
})

it('has so many connections and closes one more at once, WebSockets included', async () => {
  const small = await startHerald({ ...(await settingEnv('production')), ROLES: 'api', MAX_CONNECTIONS: '3' })
  const { hostname, port } = new URL(small.url)
  let dropped = 0
  /** The answer over a connection of its own; empty where that was closed at once. */
  const get = async (path: string) => {
    const text = await new Promise<string>((resolve) => {
      let received = ''
      const socket = net.connect(Number(port), hostname)
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
      socket.on('data', (chunk) => (received += chunk)).on('error', () => {})
      socket.on('close', () => resolve(received))
    })
    if (text === '') dropped++
    return text
  }
  expect(await get('/health')).toMatch(/^HTTP\/1\.1 200 /)
  const open = () => openSocket(small.url, { key: small.key })
  const sockets = [await open(), await open()]
  // A connection that was closed is counted for a moment more.
  const full = await eventually(() => get('/metrics'), 'room for an answer')
  expect(full).toMatch(/^herald_http_connections 3$/m)
  const third = () => open().catch(() => void dropped++)
  sockets.push(await eventually(third, 'room for the third'))
  expect(await get('/health')).toBe('')
  await expect(open()).rejects.toThrow(/hang up|ECONNRESET/)
  dropped++
  // Those who are in go on.
  for (const [i, socket] of sockets.entries()) {
    expect((await socket.run(`${i}`, '{ app { name } }')).data).toEqual({ app: { name: 'Default' } })
  }
  sockets[0]?.socket.close()
  const metrics = await eventually(() => get('/metrics'), 'room')
  expect(metrics).toMatch(new RegExp(`^herald_http_connections_dropped_total ${dropped}$`, 'm'))
  for (const { socket } of sockets) socket.close()
  expect(await small.kill('SIGTERM')).toBe(0)
})

describe('over WebSocket', () => {
  it('closes a socket that says connection_init twice', async () => {
    const socket = await openSocket(herald.url, { key: herald.key })
    socket.send({ type: 'connection_init', payload: { 'x-api-key': herald.key } })
    expect(await socket.closed).toEqual({ code: 4429, reason: 'Too many initialisation requests' })
  })

  it('closes a socket that does not say it in time, or subscribes before', async () => {
    const silent = await openSocket(herald.url)
    const hasty = await openSocket(herald.url)
    hasty.send({ id: '1', type: 'subscribe', payload: { query: '{ app { id } }' } })
    expect((await hasty.closed).code).toBe(4401)
    expect((await silent.closed).code).toBe(4408)
  })

  it('closes a socket that sends 20 MB, or what is no message', async () => {
    const big = await openSocket(herald.url, { key: herald.key })
    big.send('x'.repeat(20_000_000))
    expect((await big.closed).code).toBe(1009)
    for (const garbage of ['{', '[]', '{"type":"nonsense"}', '\u0000']) {
      const socket = await openSocket(herald.url, { key: herald.key })
      socket.send(garbage)
      expect((await socket.closed).code).toBe(4400)
    }
  })

  it('prints nothing outside of the log, whatever a socket does', async () => {
    const loud = await startHerald({ ...(await settingEnv('production')), ROLES: 'api', LOG_LEVEL: 'debug' })
    const frames = {
      'too big': Buffer.alloc(0),
      'no text': Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]),
      'not masked': Buffer.from([0x81, 0x02, 0x7b, 0x7d]),
      'reserved bits': Buffer.from([0xf1, 0x80, 0, 0, 0, 0]),
    }
    for (const [name, frame] of Object.entries(frames)) {
      const socket = await openSocket(loud.url, { key: loud.key })
      if (frame.length === 0) socket.send('x'.repeat(20_000_000))
      // Below the library, which makes no such frames.
      else (socket.socket as unknown as { _socket: net.Socket })._socket.write(frame)
      expect([name, (await socket.closed).code]).toEqual([
        name,
        name === 'too big' ? 1009 : name === 'no text' ? 1007 : 1002,
      ])
    }
    const gone = await openSocket(loud.url, { key: loud.key })
    gone.send({ id: '1', type: 'subscribe', payload: { query: '{ agents(first: 100) { nodes { id } } }' } })
    gone.socket.terminate()
    expect(await loud.kill('SIGTERM')).toBe(0)
    const lines = loud.output().trim().split('\n')
    const printed = lines.filter((line) => !line.startsWith('{'))
    expect(printed.map((line) => line.split(' ', 2).join(' '))).toEqual(['Herald listens', 'The console'])
    const logged = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
    expect(logged.filter(({ msg }) => msg === 'a socket broke the protocol')).toHaveLength(4)
    expect(logged.filter(({ level }) => level >= 40)).toEqual([])
  })

  it('takes no harm from odd upgrades, and from those who hang up', async () => {
    const { hostname, port } = new URL(herald.url)
    const upgrade = (path: string, andThen: (socket: net.Socket) => void) =>
      new Promise<void>((resolve) => {
        const head = `GET ${path} HTTP/1.1\r\nhost: x\r\norigin: https://evil.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`
        const socket = net.connect(Number(port), hostname, () => socket.write(head, () => andThen(socket)))
        socket.on('error', () => {})
        socket.on('close', () => resolve())
        socket.resume()
      })
    await Promise.all(['//', '/graphql?', '*', 'http://['].map((path) => upgrade(path, () => {})))
    for (let i = 0; i < 50; i++) await upgrade('/graphql', (socket) => socket.resetAndDestroy())
  })

  it('lets no browser in from another site', async () => {
    await expect(openSocket(herald.url, { origin: 'https://evil.example' })).rejects.toThrow('403')
    await expect(openSocket(herald.url, { origin: 'null' })).rejects.toThrow('403')
    for (const origin of ['https://app.example', new URL(herald.url).origin]) {
      const socket = await openSocket(herald.url, { origin, key: herald.key })
      socket.socket.close()
    }
  })

  it('lets a socket have 100 subscriptions of the 10,000 that it asks for', async () => {
    const socket = await openSocket(herald.url, { key: herald.key })
    for (let i = 0; i < 10_000; i++) {
      socket.send({ id: String(i), type: 'subscribe', payload: { query: 'subscription { events { id } }' } })
    }
    const last = await socket.message(({ id }) => id === '9999')
    expect(last).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'TOO_MANY_OPERATIONS' } }] })
    socket.socket.close()
  })
})

it('lets a key have so many subscriptions, on whatever sockets, and one more when one has ended', async () => {
  const limited = await startHerald({
    ...(await settingEnv('production')),
    ROLES: 'api',
    RATE_LIMIT_SUBSCRIPTIONS: '3',
  })
  const [one, two] = await Promise.all([1, 2].map(() => openSocket(limited.url, { key: limited.key })))
  if (!one || !two) throw new Error('no sockets')
  let count = 0
  /** Null: it is open, which is known when a query behind it is answered; else its error. */
  const subscribe = async (socket: typeof one) => {
    const id = `live ${count++}`
    socket.send({ id, type: 'subscribe', payload: { query: 'subscription { events { id } }' } })
    socket.send({ id: `${id}?`, type: 'subscribe', payload: { query: '{ app { id } }' } })
    const first = await socket.message((message) => message.id === id || message.id === `${id}?`)
    return first.id === id ? first.payload.errors[0] : null
  }
  expect([await subscribe(one), await subscribe(one), await subscribe(two)]).toEqual([null, null, null])
  expect(await subscribe(two)).toMatchObject({
    message: 'This key may have 3 subscriptions open at a time; try again in 5 s',
    extensions: { code: 'RATE_LIMITED', retryAfterS: 5 },
  })
  one.socket.close()
  await eventually(async () => (await subscribe(two)) === null, 'a slot')
  two.socket.close()
  expect(await limited.kill('SIGTERM')).toBe(0)
})
