import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeyring } from '../../src/dispatcher/sign.ts'
import { createSecretBox, newSecret } from '../../src/webhooks/secrets.ts'

const [one, two, three] = [randomBytes(32), randomBytes(32), randomBytes(32)]
const owner = { appId: 'app_1', webhookId: 'wh_1' }

describe('a sealed secret', () => {
  it('opens with its key at any place of the list, and with no other', () => {
    const secret = newSecret()
    const sealed = createSecretBox([one]).seal(secret, owner)
    expect(createSecretBox([one, two]).open(sealed, owner)).toBe(secret)
    expect(createSecretBox([two, three, one]).open(sealed, owner)).toBe(secret)
    expect(() => createSecretBox([two, three]).open(sealed, owner)).toThrow('no key of SECRETS_KEY')
  })

  it('opens for its own app and webhook alone', () => {
    const box = createSecretBox([one])
    const sealed = box.seal(newSecret(), owner)
    for (const other of [
      { ...owner, appId: 'app_2' },
      { ...owner, webhookId: 'wh_2' },
      { appId: 'app_1/wh_1', webhookId: '' },
    ]) {
      expect(() => box.open(sealed, other)).toThrow('no key of SECRETS_KEY')
    }
    // Nor where it was opened for its owner before.
    const keyring = createKeyring(box)
    expect(keyring([sealed], owner)).toHaveLength(1)
    expect(() => keyring([sealed], { ...owner, webhookId: 'wh_2' })).toThrow('no key of SECRETS_KEY')
  })

  it('is another text each time, and holds nothing of the secret', () => {
    const box = createSecretBox([one])
    const secret = newSecret()
    const all = Array.from({ length: 1000 }, () => box.seal(secret, owner))
    const nonces = all.map((sealed) => Buffer.from(sealed.slice(3), 'base64').subarray(0, 12).toString('hex'))
    expect(new Set(nonces).size).toBe(1000)
    for (const sealed of all) expect(Buffer.from(sealed.slice(3), 'base64').toString('latin1')).not.toContain('whsec')
  })

  it('does not open when any part of it is changed', () => {
    const box = createSecretBox([one])
    const sealed = box.seal(newSecret(), owner)
    const bytes = Buffer.from(sealed.slice(3), 'base64')
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] as number) ^ bits
        expect(() => box.open(`v1.${changed.toString('base64')}`, owner)).toThrow('no key of SECRETS_KEY')
      }),
    )
    for (const text of ['', 'v1.', sealed.slice(0, -8), sealed.replace('v1.', 'v2.'), 'v1.AAAA']) {
      expect(() => box.open(text, owner)).toThrow('no key of SECRETS_KEY')
    }
  })

  it('is rewrapped under the first key, once', () => {
    const secret = newSecret()
    const sealed = createSecretBox([one]).seal(secret, owner)
    const box = createSecretBox([two, one])
    const anew = box.rewrap(sealed, owner) as string
    expect(createSecretBox([two]).open(anew, owner)).toBe(secret)
    expect(box.rewrap(anew, owner)).toBeNull()
    expect(() => createSecretBox([three]).rewrap(sealed, owner)).toThrow('no key of SECRETS_KEY')
  })
})
