import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { type SecretBox, type SecretOwner, signingKey } from '../webhooks/secrets.ts'

/** Signing keys that are kept ready; the oldest is forgotten first. */
const CACHE_SIZE = 10_000

/** Signs as Standard Webhooks say: `v1,` and base64 of HMAC-SHA256 over id.timestamp.body; one per key, a space between. */
export function sign(keys: readonly KeyObject[], id: string, timestampS: number, body: string): string {
  const content = `${id}.${timestampS}.${body}`
  return keys.map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`).join(' ')
}

/** Opens sealed secrets, each once, into keys that are ready to sign. */
export function createKeyring(secrets: SecretBox): (sealed: readonly string[], owner: SecretOwner) => KeyObject[] {
  const cache = new Map<string, KeyObject>()
  return (sealed, owner) =>
    sealed.map((text) => {
      // With its owner: a secret that was moved to another webhook must not be known there.
      const name = `${owner.webhookId} ${text}`
      const known = cache.get(name)
      if (known) return known
      const key = createSecretKey(signingKey(secrets.open(text, owner)))
      cache.set(name, key)
      if (cache.size > CACHE_SIZE) cache.delete(cache.keys().next().value as string)
      return key
    })
}
