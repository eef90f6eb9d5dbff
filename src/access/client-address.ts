import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'
import type { Cidr } from '../config.ts'

/** The address that a request came from. */
export type ClientAddress = (request: Pick<IncomingMessage, 'socket' | 'headers'>) => string

/** Hops of X-Forwarded-For that are looked at, from the near end. */
const MAX_HOPS = 20

/**
 * Takes the address of the socket. Where that is a trusted proxy, X-Forwarded-For is read from its end, where the near
 * proxies wrote, and the first address that is no trusted proxy is the client's: what a client puts there itself stands
 * further left and is never believed.
 */
export function createClientAddress(trustedProxies: readonly Cidr[]): ClientAddress {
  const trusted = (address: string) => {
    const parsed = ipaddr.parse(address)
    return trustedProxies.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match([base, bits] as never))
  }
  return ({ socket, headers }) => {
    let address = normal(socket.remoteAddress ?? '') ?? ''
    if (trustedProxies.length === 0 || !address) return address
    const hops = String(headers['x-forwarded-for'] ?? '').split(',', 1 << 10)
    for (const hop of hops.reverse().slice(0, MAX_HOPS)) {
      if (!trusted(address)) return address
      const next = normal(hop.trim())
      if (!next) return address
      address = next
    }
    return address
  }
}

/** One notation for each address: IPv4 in IPv6 becomes IPv4, IPv6 is shortened. Null for what is none. */
const normal = (text: string): string | null => (ipaddr.isValid(text) ? ipaddr.process(text).toString() : null)

/** What is taken for one caller: an IPv4 address, or the /64 of an IPv6 address, all of which one customer has. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  return `${ipaddr.parse(address).toByteArray().slice(0, 8).join('.')}/64`
}
