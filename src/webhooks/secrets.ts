import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Whose secret it is. Sealed into it, so that a secret moved to another row cannot be opened there. */
export interface SecretOwner {
  appId: string
  webhookId: string
}

/** Encrypts signing secrets for the database. */
export interface SecretBox {
  /** AES-256-GCM under the first key, with a fresh nonce. */
  seal(secret: string, owner: SecretOwner): string
  /** Tries every key. @throws when none opens it. */
  open(sealed: string, owner: SecretOwner): string
  /** The same secret under the first key; null where it is already. @throws when no key opens it. */
  rewrap(sealed: string, owner: SecretOwner): string | null
}

const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'v1.'

/** A new signing secret in the form of Standard Webhooks: whsec_ and base64 of 24 random bytes. */
export const newSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`

/** Whether a text has the form of a signing secret. */
export const isSecret = (text: string): boolean => /^whsec_[A-Za-z0-9+/]{32}$/.test(text)

/** The key that signs, out of a secret. */
export const signingKey = (secret: string): Buffer => Buffer.from(secret.slice('whsec_'.length), 'base64')

/** @param keys 32 bytes each; the first encrypts, all decrypt. */
export function createSecretBox(keys: readonly Buffer[]): SecretBox {
  const [current] = keys
  if (!current) throw new Error('a secret box needs a key')
  const context = ({ appId, webhookId }: SecretOwner) => Buffer.from(`${appId}/${webhookId}`)

  function seal(secret: string, owner: SecretOwner): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', current as Buffer, nonce).setAAD(context(owner))
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    return VERSION + Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64')
  }

  function open(sealed: string, owner: SecretOwner): { secret: string; key: Buffer } {
    const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64')
    if (sealed.startsWith(VERSION) && bytes.length > NONCE_BYTES + TAG_BYTES) {
      for (const key of keys) {
        try {
          const options = { authTagLength: TAG_BYTES }
          const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), options)
          decipher.setAAD(context(owner)).setAuthTag(bytes.subarray(-TAG_BYTES))
          const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
          return { secret: Buffer.concat([text, decipher.final()]).toString('utf8'), key }
        } catch {
          // Sealed under another key of the list, or not ours.
        }
      }
    }
    throw new Error(`no key of SECRETS_KEY opens the secret of webhook ${owner.webhookId}`)
  }

  return {
    seal,
    open: (sealed, owner) => open(sealed, owner).secret,
    rewrap(sealed, owner) {
      const { secret, key } = open(sealed, owner)
      return key === current ? null : seal(secret, owner)
    },
  }
}
