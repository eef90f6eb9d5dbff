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
}

const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'v1.'

/** A new signing secret in the form of Standard Webhooks: whsec_ and base64 of 24 random bytes. */
export const newSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`

/** The key that signs, out of a secret. */
export const signingKey = (secret: string): Buffer => Buffer.from(secret.slice('whsec_'.length), 'base64')

/** @param keys 32 bytes each; the first encrypts, all decrypt. */
export function createSecretBox(keys: readonly Buffer[]): SecretBox {
  const [current] = keys
  if (!current) throw new Error('a secret box needs a key')
  const context = ({ appId, webhookId }: SecretOwner) => Buffer.from(`${appId}/${webhookId}`)

  return {
    seal(secret, owner) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', current, nonce).setAAD(context(owner))
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return VERSION + Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64')
    },
    open(sealed, owner) {
      const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64')
      for (const key of keys) {
        try {
          const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
            authTagLength: TAG_BYTES,
          })
          decipher.setAAD(context(owner)).setAuthTag(bytes.subarray(-TAG_BYTES))
          const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
          return Buffer.concat([text, decipher.final()]).toString('utf8')
        } catch {
          // Sealed under another key of the list, or not ours.
        }
      }
      throw new Error(`no key of SECRETS_KEY opens the secret of webhook ${owner.webhookId}`)
    },
  }
}
