import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { createAddressPolicy } from '../../src/webhooks/address-policy.ts'
import { webhookUrl } from '../../src/webhooks/url.ts'

const strict = createAddressPolicy([])
const local = createAddressPolicy([ipaddr.parseCIDR('127.0.0.1/32')])
const messages = (value: string, policy = strict) =>
  webhookUrl(policy)
    .safeParse(value)
    .error?.issues.map((issue) => issue.message) ?? []

describe("a webhook's URL", () => {
  it.each([
    ['https://example.com', 'https://example.com/'],
    ['HTTP://Example.COM:8080/a?b#c', 'http://example.com:8080/a?b#c'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['http://93.184.216.34/', 'http://93.184.216.34/'],
  ])('%s is stored as %s', (value, stored) => {
    expect(webhookUrl(strict).parse(value)).toBe(stored)
  })

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'ftp://example.com/',
    'example.com',
    'https://',
    'http://user:pass@example.com/',
    'http://@example.com/',
    'http://example.com\\@evil.com/',
    ' http://example.com/',
    'http://exa mple.com/',
    'http://example.com/\n',
    'http://-a.example/',
    'http://a..b/',
    'http://127.0.0.1/',
    'http://127.0.0.1./',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://0x7f.1/',
    'http://127.1/',
    'http://１２７.0.0.1/',
    'http://localhost/',
    'http://a.localhost./',
    'http://10.0.0.1/',
    'http://192.168.1.1/',
    'http://172.16.0.1/',
    'http://169.254.169.254/',
    'http://100.64.0.1/',
    'http://0.0.0.0/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://168.63.129.16/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::7f00:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[2001::1]/',
    'http://[fc00::1]/',
    'http://[fe80::1]/',
    'http://[ff02::1]/',
    'http://[4000::1]/',
    'http://[100:0:0:1::1]/',
    'http://example.com:0/',
    'http://example.com:22/',
    'http://example.com:1023/',
  ])('%j is refused', (value) => {
    expect(messages(value)).toEqual(['Please enter a valid URL'])
  })

  it('has messages of its own for what is empty or too long', () => {
    expect(messages('')).toEqual(["This field can't be empty"])
    expect(messages(`https://example.com/${'a'.repeat(481)}`)).toEqual(['This field may have at most 500 characters'])
    expect(messages(`https://example.com/${'a'.repeat(480)}`)).toEqual([])
  })

  it('may name an address that was opened, and no other', () => {
    expect(messages('http://127.0.0.1:3000/', local)).toEqual([])
    expect(messages('http://localhost:3000/', local)).toEqual([])
    expect(messages('http://127.0.0.2:3000/', local)).toEqual(['Please enter a valid URL'])
    expect(messages('http://127.0.0.1:22/', local)).toEqual(['Please enter a valid URL'])
  })
})
