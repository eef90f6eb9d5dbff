import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { herald as command, eventually, gql, type Herald, settingEnv, sql, startHerald } from './support/herald.ts'
import { type Received, startReceiver } from './support/receiver.ts'

let env: Record<string, string>
let herald: Herald
let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeAll(async () => {
  env = await settingEnv('production')
  herald = await startHerald(env)
  receiver = await startReceiver()
})
afterAll(async () => {
  await receiver.close()
  expect(await herald.kill('SIGTERM')).toBe(0)
})

const webhook = async () => {
  const { webhookCreate } = await run(herald, api.WebhookCreateDocument, { input: { url: receiver.url } })
  if (webhookCreate.__typename !== 'WebhookCreateSuccess') throw new Error(webhookCreate.message)
  return { id: webhookCreate.webhook.id, secret: webhookCreate.secret }
}
const rotate = async (id: string, overlapHours?: number) =>
  (await run(herald, api.WebhookRotateSecretDocument, { id, overlapHours })).webhookRotateSecret
const rotated = async (id: string, overlapHours?: number) => {
  const answer = await rotate(id, overlapHours)
  if (answer.__typename !== 'WebhookRotateSecretSuccess') throw new Error(answer.message)
  return answer
}
const reveal = async (id: string) => {
  const { webhookRevealSecret } = await run(herald, api.WebhookRevealSecretDocument, { id })
  return webhookRevealSecret.__typename === 'WebhookRevealSecretSuccess' && webhookRevealSecret.secret
}
const remove = (id: string) => run(herald, api.WebhookDeleteDocument, { id })
/** The next callback, after a change. */
const callback = async (): Promise<Received> => {
  const before = receiver.received.length
  await gql(herald, 'mutation { contextCreate(input: {name: "c"}) { __typename } }')
  return eventually(() => receiver.received[before], 'the callback')
}
/** Which of the secrets verify it, each by the signature at its place alone. */
const signedBy = ({ headers, text }: Received, secrets: string[]) => {
  const signatures = String(headers['webhook-signature']).split(' ')
  return secrets.map((secret) =>
    signatures.findIndex((signature) => {
      try {
        new Webhook(secret).verify(text, { ...(headers as Record<string, string>), 'webhook-signature': signature })
        return true
      } catch {
        return false
      }
    }),
  )
}

it('signs with both secrets while the overlap lasts, newest first, and with the new one alone afterwards', async () => {
  const { id, secret: first } = await webhook()
  const before = Date.now()
  const { secret: second, previousValidUntil } = await rotated(id)
  expect(Date.parse(previousValidUntil as string)).toBeGreaterThanOrEqual(before + 24 * 3_600_000 - 1000)
  expect(Date.parse(previousValidUntil as string)).toBeLessThanOrEqual(Date.now() + 24 * 3_600_000 + 1000)
  expect(await reveal(id)).toBe(second)
  const both = await callback()
  expect(String(both.headers['webhook-signature']).split(' ')).toHaveLength(2)
  expect(signedBy(both, [first, second])).toEqual([1, 0])
  // An unchanged receiver goes on verifying the whole header.
  expect(() => new Webhook(first).verify(both.text, both.headers as Record<string, string>)).not.toThrow()

  await sql(env, `UPDATE "WebhookSecret" SET "validUntil" = now() WHERE "validUntil" IS NOT NULL`)
  const alone = await callback()
  expect(signedBy(alone, [first, second])).toEqual([-1, 0])
  expect(String(alone.headers['webhook-signature']).split(' ')).toHaveLength(1)
  await remove(id)
})

it('ends every former secret at once without an overlap', async () => {
  const { id, secret: first } = await webhook()
  const { secret: second } = await rotated(id, 1)
  const last = await rotated(id, 0)
  expect(last.previousValidUntil).toBeNull()
  expect(signedBy(await callback(), [first, second, last.secret])).toEqual([-1, -1, 0])
  expect(await sql(env, `SELECT id FROM "WebhookSecret" WHERE "webhookId" = $1`, [id])).toHaveLength(1)
  await remove(id)
})

it('lets 5 secrets sign at most, whoever rotates at the same time', async () => {
  const { id, secret } = await webhook()
  const answers = await Promise.all(Array.from({ length: 8 }, () => rotate(id, 168)))
  const secrets = answers.flatMap((answer) =>
    answer.__typename === 'WebhookRotateSecretSuccess' ? [answer.secret] : [],
  )
  expect(secrets).toHaveLength(4)
  expect(answers.filter(({ __typename }) => __typename === 'ConflictError')).toHaveLength(4)
  const places = signedBy(await callback(), [secret, ...secrets])
  expect(places.toSorted()).toEqual([0, 1, 2, 3, 4])
  expect(places[0]).toBe(4)
  const current = await reveal(id)
  expect(places[[secret, ...secrets].indexOf(current as string)]).toBe(0)
  // One whose time is over makes room.
  await sql(
    env,
    `UPDATE "WebhookSecret" SET "validUntil" = now() WHERE id = (
    SELECT id FROM "WebhookSecret" WHERE "webhookId" = $1 ORDER BY id LIMIT 1)`,
    [id],
  )
  expect((await rotate(id)).__typename).toBe('WebhookRotateSecretSuccess')
  expect((await rotate(id, 0)).__typename).toBe('WebhookRotateSecretSuccess')
  expect(await sql(env, `SELECT id FROM "WebhookSecret" WHERE "webhookId" = $1`, [id])).toHaveLength(1)
  await remove(id)
})

it.each([-1, 169, 2_147_483_647])('refuses an overlap of %i hours, and changes nothing', async (hours) => {
  const { id, secret } = await webhook()
  expect(await rotate(id, hours)).toMatchObject({
    __typename: 'InvalidInputError',
    issues: [{ path: ['overlapHours'], message: 'This must be between 0 and 168 hours' }],
  })
  expect(await reveal(id)).toBe(secret)
  await remove(id)
})

it('does not sign with a secret that was moved to another webhook', async () => {
  const [one, two] = [await webhook(), await webhook()]
  await callback()
  await sql(
    env,
    `UPDATE "WebhookSecret" SET sealed = (SELECT sealed FROM "WebhookSecret" WHERE "webhookId" = $1)
    WHERE "webhookId" = $2`,
    [one.id, two.id],
  )
  const from = receiver.received.length
  await callback()
  await eventually(() => herald.output().includes(`opens the secret of webhook ${two.id}`), 'the error in the log')
  expect(receiver.received.slice(from)).toHaveLength(1)
  await remove(one.id)
  await remove(two.id)
})

it('rewraps all secrets under the first key, beside running processes', async () => {
  const first = await webhook()
  const second = await rotated(first.id)
  const anew = randomBytes(32).toString('base64')
  const sealed = () =>
    sql<{ sealed: string }>(env, `SELECT sealed FROM "WebhookSecret" WHERE "webhookId" = $1`, [first.id])
  const before = await sealed()
  expect(before).toHaveLength(2)
  const wrong = await command({ ...env, SECRETS_KEY: anew }, 'secrets', 'rewrap')
  expect(wrong).toMatchObject({ code: 1, out: '0 rewrapped, 0 under the first key already, 2 unreadable' })
  expect(wrong.err).toContain(first.id)
  expect(await sealed()).toEqual(before)

  const both = `${anew},${env.SECRETS_KEY}`
  const other = await startHerald({ ...env, SECRETS_KEY: both })
  expect(await command({ ...env, SECRETS_KEY: both }, 'secrets', 'rewrap')).toEqual({
    code: 0,
    out: '2 rewrapped, 0 under the first key already, 0 unreadable',
    err: '',
  })
  expect(await command({ ...env, SECRETS_KEY: both }, 'secrets', 'rewrap')).toMatchObject({
    out: '0 rewrapped, 2 under the first key already, 0 unreadable',
  })
  expect(await herald.kill('SIGTERM')).toBe(0)
  herald = other
  expect(await reveal(first.id)).toBe(second.secret)
  expect(signedBy(await callback(), [first.secret, second.secret])).toEqual([1, 0])
  const alone = await startHerald({ ...env, SECRETS_KEY: anew, ROLES: 'api' })
  const { webhookRevealSecret } = await run(alone, api.WebhookRevealSecretDocument, { id: first.id })
  expect(webhookRevealSecret).toMatchObject({ secret: second.secret })
  expect(await alone.kill('SIGTERM')).toBe(0)
})
