import ipaddr from 'ipaddr.js'
import { expect, it } from 'vitest'
import { createClientAddress } from '../../src/access/client-address.ts'

const behind = createClientAddress([ipaddr.parseCIDR('10.0.0.0/8'), ipaddr.parseCIDR('fd00::/8')])
const request = (remoteAddress: string | undefined, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as never

it.each([
  ['203.0.113.9', undefined, '203.0.113.9'],
  ['::ffff:203.0.113.9', undefined, '203.0.113.9'],
  ['2001:db8:0:0:0:0:0:1', undefined, '2001:db8::1'],
  ['203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['10.0.0.1', undefined, '10.0.0.1'],
  ['10.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['::ffff:10.0.0.1', '198.51.100.1, 10.0.0.2', '198.51.100.1'],
  ['10.0.0.1', '1.1.1.1, 198.51.100.1, 10.0.0.2', '198.51.100.1'],
  ['10.0.0.1', '1.1.1.1, nonsense, 10.0.0.2', '10.0.0.2'],
  ['10.0.0.1', '', '10.0.0.1'],
  ['fd00::1', '2001:db8::2', '2001:db8::2'],
  [undefined, '1.1.1.1', ''],
])('from %s, forwarded for %s: %s', (socket, forwarded, expected) => {
  expect(behind(request(socket, forwarded))).toBe(expected)
})

it('believes nobody where no proxy is trusted', () => {
  expect(createClientAddress([])(request('10.0.0.1', '198.51.100.1'))).toBe('10.0.0.1')
})
