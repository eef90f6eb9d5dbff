import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { text } from '../validate.ts'
import type { AddressPolicy } from './address-policy.ts'

/** The seed's words for a URL that cannot be called. */
const INVALID = 'Please enter a valid URL'
const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/

/**
 * The rules of a webhook's URL: 1 to 500 characters, http or https, a host name or an address that callbacks may
 * reach, no credentials. Gives it as the URL standard parses it, which is what will be connected to.
 */
export const webhookUrl = (policy: AddressPolicy) =>
  text(1, 500).transform((value, ctx) => {
    const url = parse(value, policy)
    if (url) return url.href
    // An empty or too long one has its own message already.
    if (ctx.issues.length === 0) ctx.addIssue({ code: 'custom', message: INVALID })
    return z.NEVER
  })

function parse(value: string, policy: AddressPolicy): URL | null {
  // The standard would silently drop or turn these; who sends them did not mean the URL that comes out.
  if ([...value].some((character) => character <= ' ' || character === '\u007f' || character === '\\')) return null
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return null
  const url = new URL(value)
  if (
    url.username ||
    url.password ||
    value
      .replace(/^[^/]*\/\//, '')
      .split(/[/?#]/)[0]
      ?.includes('@')
  )
    return null
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  if (url.port === '0' || !policy.allowsPort(port)) return null
  return hostAllowed(url.hostname, policy) ? url : null
}

function hostAllowed(hostname: string, policy: AddressPolicy): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (ipaddr.isValid(host)) return policy.allowsAddress(host)
  // Known without asking anyone (RFC 6761).
  if (host === 'localhost' || host.endsWith('.localhost')) {
    return policy.allowsAddress('127.0.0.1') || policy.allowsAddress('::1')
  }
  return host.length <= 253 && host.split('.').every((part) => label.test(part))
}
