import dns from 'node:dns'
import net, { type LookupFunction } from 'node:net'
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from 'undici'
import type { AddressPolicy } from '../webhooks/address-policy.ts'

/** The policy forbids the address or port that the callback would have gone to. Nothing was sent. */
export class BlockedError extends Error {
  override name = 'BlockedError'
}

/** An idle connection to a receiver is kept for so long; its origin is forgotten with it. */
const KEEP_ALIVE_MS = 10_000

/** How callbacks are connected. */
export interface ConnectOptions {
  timeoutMs: number
  /** A proxy of the operator's, whose business the addresses behind names are then. The environment's are ignored. */
  proxy?: string | undefined
  /** How names are looked up: as the system does where it is not given. */
  lookup?: typeof dns.lookup
}

/**
 * The HTTP client of callbacks: HTTP/1.1, kept-alive sockets, TLS always verified. The policy is asked of a literal
 * address, of every address that a name has (one forbidden forbids the name) and, since names change their answers, of
 * the address that was connected to. A pooled socket has been through all of it.
 */
export function createCallbackClient(policy: AddressPolicy, options: ConnectOptions): Dispatcher {
  const common = {
    // No limit for an origin: webhooks that share one have lanes of their own, which bound the sockets.
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // The attempt has one deadline for all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  if (options.proxy) {
    const proxy = new ProxyAgent({ ...common, uri: options.proxy, proxyTunnel: true })
    return proxy.compose((dispatch) => (request, handler) => {
      const { hostname, port, protocol } = new URL(request.origin ?? '')
      const error = forbidden(policy, hostname, port, protocol)
      if (error) throw error
      return dispatch(request, handler)
    })
  }
  const lookup = checkedLookup(policy, options.lookup ?? dns.lookup)
  const connect = buildConnector({ timeout: options.timeoutMs, allowH2: false, lookup, rejectUnauthorized: true })
  return new Agent({
    ...common,
    connect(target, done) {
      const error = forbidden(policy, target.hostname, target.port, target.protocol)
      if (error) return done(error, null)
      connect(target, (...[error, socket]) => {
        if (error) return done(error, null)
        const { remoteAddress = '' } = socket
        if (policy.allowsAddress(remoteAddress)) return done(null, socket)
        socket.destroy()
        done(blocked(remoteAddress), null)
      })
    },
  })
}

/** Looks all addresses of a name up; one that is forbidden forbids the name. */
function checkedLookup(policy: AddressPolicy, lookup: typeof dns.lookup): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const bad = addresses?.find(({ address }) => !policy.allowsAddress(address))
      if (error) done(error, [])
      else if (bad) done(blocked(bad.address), [])
      else if (options.all) done(null, addresses)
      else done(null, addresses[0]?.address ?? '', addresses[0]?.family)
    })
  }
}

/** What can be said before anyone is asked: of the port, and of an address that stands in the URL itself. */
function forbidden(policy: AddressPolicy, hostname: string, port: string, protocol: string): BlockedError | null {
  const host = hostname.replace(/^\[|\]$/g, '')
  const number = Number(port) || (protocol === 'https:' ? 443 : 80)
  if (!policy.allowsPort(number)) return new BlockedError(`Port ${number} may not be reached`)
  return net.isIP(host) && !policy.allowsAddress(host) ? blocked(host) : null
}

const blocked = (address: string) => new BlockedError(`The address ${address} may not be reached`)
