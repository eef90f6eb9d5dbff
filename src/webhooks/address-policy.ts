import ipaddr from 'ipaddr.js'
import type { Cidr } from '../config.ts'

/** Which addresses and ports callbacks may reach. */
export interface AddressPolicy {
  /** Whether an IP address, in any notation, may be connected to. What is no address may not. */
  allowsAddress(address: string): boolean
  /** 80, 443 and those from 1024 on. Lower ones belong to services that no webhook is behind. */
  allowsPort(port: number): boolean
}

const range = (cidr: string) => ipaddr.parseCIDR(cidr) as [ipaddr.IPv6, number]
/** All of public IPv6 lies in here; of what lies in here, Teredo and protocol assignments, 6to4 and AS112 do not count. */
const globalIpv6 = range('2000::/3')
const tunnelsIpv6 = [range('2001::/23'), range('2002::/16'), range('2620:4f:8000::/48')]
/** Azure's metadata and DNS service: a public address that is reached from inside only. */
const azureMetadata = '168.63.129.16'

/**
 * Only what is public may be reached: not private, loopback, link-local, carrier-grade NAT, multicast, nor IPv6 forms
 * that carry another address inside. No single library call says so: ipaddr.js calls several of these unicast.
 * @param allow ranges that may be reached nevertheless.
 */
export function createAddressPolicy(allow: readonly Cidr[]): AddressPolicy {
  return {
    allowsAddress(text) {
      if (!ipaddr.isValid(text)) return false
      // A mapped IPv6 address becomes the IPv4 address that the system would connect to.
      const address = ipaddr.process(text)
      const allowed = allow.some(
        ([base, bits]) => base.kind() === address.kind() && address.match([base, bits] as never),
      )
      return allowed || isPublic(address)
    },
    allowsPort: (port) => port === 80 || port === 443 || (port >= 1024 && port <= 65_535),
  }
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false
  if (address instanceof ipaddr.IPv4) return address.toString() !== azureMetadata
  return address.match(globalIpv6) && !tunnelsIpv6.some((tunnel) => address.match(tunnel))
}
