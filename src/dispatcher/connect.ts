import dns from 'node:dns'
import net, { type LookupFunction } from 'node:net'
import { Agent, buildConnector } from 'undici'
import type { AddressPolicy } from '../webhooks/address-policy.ts'

/** The policy forbids the address or port that the callback would have gone to. Nothing was sent. */
export class BlockedError extends Error {
  override name = 'BlockedError'
}

/** An idle connection to a receiver is kept for so long; its origin is forgotten with it. */
const KEEP_ALIVE_MS = 10_000

/**
 * The HTTP client of callbacks: HTTP/1.1, kept-alive sockets, no proxy from the environment, TLS always verified. The
 * policy is asked of a literal address, of every address that a name has (one forbidden forbids the name) and, since
 * names change their answers, of the address that was connected to. A pooled socket has been through all of it.
 * @param connections open at once to one origin.
 */
export function createCallbackAgent(policy: AddressPolicy, connections: number, connectTimeoutMs: number): Agent {
  const lookup: LookupFunction = (hostname, options, done) => {
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const forbidden = addresses?.find(({ address }) => !policy.allowsAddress(address))
      if (error) done(error, [])
      else if (forbidden) done(blocked(forbidden.address), [])
      else if (options.all) done(null, addresses)
      else done(null, addresses[0]?.address ?? '', addresses[0]?.family)
    })
  }
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false, lookup, rejectUnauthorized: true })
  return new Agent({
    connections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // The attempt has one deadline for all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect(options, done) {
      const host = options.hostname.replace(/^\[|\]$/g, '')
      const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80)
      if (!policy.allowsPort(port)) return done(new BlockedError(`Port ${port} may not be reached`), null)
      if (net.isIP(host) && !policy.allowsAddress(host)) return done(blocked(host), null)
      connect(options, (...[error, socket]) => {
        if (error) return done(error, null)
        const { remoteAddress = '' } = socket
        if (policy.allowsAddress(remoteAddress)) return done(null, socket)
        socket.destroy()
        done(blocked(remoteAddress), null)
      })
    },
  })
}

const blocked = (address: string) => new BlockedError(`The address ${address} may not be reached`)
