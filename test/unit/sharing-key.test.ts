import fc from 'fast-check'
import { parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { sharingKey } from '../../src/graphql/live/live-query.ts'

const WATCH =
  'subscription ($after: String, $tenant: String) { events(after: $after, externalTenantId: $tenant) { id } }'
const TWICE = `subscription ($after: String) { events(after: $after) { id deliveries { webhook { deliveries(after: $after) {
  nodes { id } } } } } }`

interface Asked {
  appId: string
  scopes: ('READ' | 'WRITE' | 'ADMIN')[]
  text: string
  operation: string | null
  variables: Record<string, unknown>
}
const keyOf = ({ appId, scopes, text, operation, variables }: Asked) =>
  sharingKey({ appId, scopes, keyId: null, ip: null }, parse(text), operation, variables)

const asked: fc.Arbitrary<Asked> = fc.record({
  appId: fc.constantFrom('app_a', 'app_b'),
  scopes: fc.subarray(['READ', 'WRITE', 'ADMIN'] as const, { minLength: 1 }).map((scopes) => [...scopes]),
  text: fc.constantFrom(
    'subscription { events { id } }',
    'subscription { events { id } } ',
    WATCH.replace('id', 'name'),
  ),
  operation: fc.constantFrom(null, 'A'),
  variables: fc.dictionary(fc.constantFrom('tenant', 'x', '"],["'), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 }),
})

describe('the key of sharing', () => {
  it('is the same only where all that an answer depends on is', () => {
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        const canonical = ({ scopes, variables, ...rest }: Asked) =>
          JSON.stringify([rest, [...scopes].sort(), Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1))])
        expect(keyOf(one) === keyOf(other)).toBe(canonical(one) === canonical(other))
      }),
      { numRuns: 2000 },
    )
  })

  it('passes over a variable that only says where to begin', () => {
    const base = { appId: 'app_a', scopes: ['READ' as const], operation: null }
    const key = (text: string, variables: object) => keyOf({ ...base, text, variables: { ...variables } })
    expect(key(WATCH, { after: 'a' })).toBe(key(WATCH, { after: 'b' }))
    expect(key(WATCH, { after: 'a' })).toBe(key(WATCH, {}))
    expect(key(WATCH, { tenant: 'a' })).not.toBe(key(WATCH, { tenant: 'b' }))
    expect(key(TWICE, { after: 'a' })).not.toBe(key(TWICE, { after: 'b' }))
  })
})
