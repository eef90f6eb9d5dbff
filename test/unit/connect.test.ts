import type { LookupAddress } from 'node:dns'
import { createServer, type Server } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import ipaddr from 'ipaddr.js'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startAttempt } from '../../src/dispatcher/attempt.ts'
import { createCallbackClient } from '../../src/dispatcher/connect.ts'
import { type AddressPolicy, createAddressPolicy } from '../../src/webhooks/address-policy.ts'

let server: Server
let port: number
/** Connections that came, whatever was sent over them. */
let connections = 0
beforeAll(async () => {
  server = createServer((_, response) => response.end('here'))
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  connections = 0
})

const strict = createAddressPolicy([])
const local = createAddressPolicy([ipaddr.parseCIDR('127.0.0.1/32')])

/** Posts to `host` while names are answered by `answers`, one list a look-up. */
async function post(policy: AddressPolicy, host: string, ...answers: string[][]) {
  const asked: string[] = []
  const lookup = ((name: string, _options: object, done: (error: null, addresses: LookupAddress[]) => void) => {
    asked.push(name)
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? []
    done(
      null,
      answer.map((address) => ({ address, family: net.isIP(address) })),
    )
  }) as never
  const client = createCallbackClient(policy, { timeoutMs: 5000, lookup })
  const send = () => startAttempt(client, { url: `http://${host}/`, body: '{}' }, {}, 5000).ended
  const results = [await send()]
  // A turn later the socket is free for the next.
  await new Promise(setImmediate)
  if (answers.length > 0 && asked.length > 0) results.push(await send())
  await client.destroy()
  return results.map(({ outcome, failure }) => ({ outcome, failure }))
}

describe('the address policy, when a callback is connected', () => {
  it('lets through what is allowed', async () => {
    expect(await post(local, `name.example:${port}`, ['127.0.0.1'])).toEqual([
      { outcome: 'DELIVERED', failure: null },
      { outcome: 'DELIVERED', failure: null },
    ])
    // The socket is kept and used again.
    expect(connections).toBe(1)
  })

  it.each(['127.0.0.1', '[::ffff:127.0.0.1]', '[::1]', '10.0.0.1', '169.254.169.254', '[fd00::1]'])(
    'blocks the literal %s',
    async (host) => {
      const [result] = await post(strict, `${host}:${port}`)
      expect(result).toMatchObject({ outcome: 'BLOCKED', failure: expect.stringContaining('may not be reached') })
      expect(connections).toBe(0)
    },
  )

  it.each([[['127.0.0.1']], [['93.184.216.34', '127.0.0.1']], [['2606:4700::1', '::1']], [['::ffff:7f00:1']]])(
    'blocks a name that is answered %j',
    async (answer) => {
      const [result] = await post(strict, `name.example:${port}`, answer)
      expect(result?.outcome).toBe('BLOCKED')
      expect(connections).toBe(0)
    },
  )

  it('blocks a name that changes its answer between two look-ups', async () => {
    const allowed = createAddressPolicy([ipaddr.parseCIDR('127.0.0.1/32')])
    const results = await post(allowed, `name.example:${port}`, ['127.0.0.1', '10.0.0.1'], ['127.0.0.1'])
    expect(results.map(({ outcome }) => outcome)).toEqual(['BLOCKED', 'DELIVERED'])
    expect(connections).toBe(1)
  })

  it('looks at the address that was connected to, and sends nothing to a wrong one', async () => {
    // As when the system connects elsewhere than it was told: allowed when looked up, forbidden when connected.
    let asked = 0
    const fickle: AddressPolicy = { allowsPort: () => true, allowsAddress: () => asked++ === 0 }
    let bytes = 0
    const canary = net.createServer((socket) => socket.on('data', (chunk) => (bytes += chunk.length)))
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
    const [result] = await post(fickle, `name.example:${(canary.address() as AddressInfo).port}`, ['127.0.0.1'])
    expect(result).toEqual({ outcome: 'BLOCKED', failure: 'The address 127.0.0.1 may not be reached' })
    expect(bytes).toBe(0)
    canary.close()
  })

  it.each([22, 25, 1023])('blocks port %i', async (low) => {
    const [result] = await post(local, `127.0.0.1:${low}`)
    expect(result).toEqual({ outcome: 'BLOCKED', failure: `Port ${low} may not be reached` })
  })
})

describe('a proxy', () => {
  it('of CALLBACK_PROXY carries all callbacks but those to forbidden literals', async () => {
    const tunnels: string[] = []
    const proxy = createServer()
    proxy.on('connect', (request, socket) => {
      tunnels.push(request.url ?? '')
      const upstream = net.connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
      for (const end of [socket, upstream]) end.on('error', () => {})
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const uri = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const client = createCallbackClient(strict, { timeoutMs: 5000, proxy: uri })
    const send = (url: string) => startAttempt(client, { url, body: '{}' }, {}, 5000).ended
    expect(await send('http://name.example/')).toMatchObject({ outcome: 'DELIVERED' })
    expect(await send('http://10.0.0.1/')).toMatchObject({ outcome: 'BLOCKED' })
    expect(tunnels).toEqual(['name.example:80'])
    await client.destroy()
    proxy.closeAllConnections()
    proxy.close()
  })

  it('of the environment is not used', async () => {
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']
    for (const name of names) process.env[name] = 'http://127.0.0.1:9'
    expect(await post(local, `127.0.0.1:${port}`)).toMatchObject([{ outcome: 'DELIVERED' }])
    for (const name of names) delete process.env[name]
  })
})
