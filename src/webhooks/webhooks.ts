import { z } from 'zod'
import { requireScope, type Viewer } from '../access/viewer.ts'
import type { Webhook } from '../db/generated/prisma/client.ts'
import { DeliveryPolicy, EntityType } from '../db/generated/prisma/enums.ts'
import { newId } from '../db/ids.ts'
import type { ScopedTx } from '../db/scoped.ts'
import { ConflictError, NotFoundError, WebhookLimitReachedError } from '../errors.ts'
import type { Commit } from '../events/commit.ts'
import { webhookTopic } from '../events/topics.ts'
import { changedFields, defined } from '../events/wire.ts'
import { optionalText, validate, withDefault } from '../validate.ts'
import type { AddressPolicy } from './address-policy.ts'
import type { Backlog } from './backlog.ts'
import { deactivateWebhook } from './deactivate.ts'
import { newSecret, type SecretBox } from './secrets.ts'
import { webhookUrl } from './url.ts'

const entities = z.array(z.enum(EntityType), "This field can't be null").transform((values) => [...new Set(values)])
const active = z.boolean("This field can't be null")
const deliveryPolicy = z.enum(DeliveryPolicy, "This field can't be null")

const schemas = (policy: AddressPolicy) => ({
  create: z.object({
    name: optionalText(50),
    url: webhookUrl(policy),
    entities: withDefault(entities, []),
    active: withDefault(active, true),
    deliveryPolicy: withDefault(deliveryPolicy, DeliveryPolicy.RETRY),
  }),
  update: z.object({
    name: optionalText(50),
    url: webhookUrl(policy).optional(),
    entities: entities.optional(),
    active: active.optional(),
    deliveryPolicy: deliveryPolicy.optional(),
  }),
})
const overlap = z
  .int()
  .min(0, 'This must be between 0 and 168 hours')
  .max(168, 'This must be between 0 and 168 hours')
  .nullish()
  .transform((hours) => hours ?? 24)
type Schemas = ReturnType<typeof schemas>

/** Rules: see webhookUrl; the name has at most 50 characters; no entities means all. */
export type WebhookCreateInput = z.input<Schemas['create']>
/** Left out: unchanged. A null name clears it; null is refused elsewhere. */
export type WebhookUpdateInput = z.input<Schemas['update']>

/** A new secret and, where there is an overlap, until when the former one signs as well. */
export interface Rotation {
  webhook: Webhook
  secret: string
  previousValidUntil: Date | null
}

/** Secrets of a webhook that may sign at the same time. */
const MAX_LIVE_SECRETS = 5

/** The use cases of webhooks. All of them need a key with ADMIN. */
export type Webhooks = ReturnType<typeof createWebhooks>

/** @param limit webhooks per app, inactive ones included. */
export function createWebhooks(deps: {
  commit: Commit
  secrets: SecretBox
  policy: AddressPolicy
  backlog: Backlog
  limit: number
}) {
  const { commit, secrets, limit } = deps
  const inputs = schemas(deps.policy)

  return {
    limit,

    /** @returns the webhook and its secret. @throws InvalidInputError, WebhookLimitReachedError */
    async create(viewer: Viewer, input: WebhookCreateInput): Promise<{ webhook: Webhook; secret: string }> {
      requireScope(viewer, 'ADMIN')
      const { active, ...fields } = validate(inputs.create, input)
      const { appId } = viewer
      return commit(viewer, 'ADMIN', async ({ tx, at, audit }) => {
        if ((await tx.webhook.count()) >= limit) throw new WebhookLimitReachedError(limit)
        const id = newId('Webhook')
        const data = {
          id,
          appId,
          ...fields,
          ...(active ? activeFields : inactiveFields(at)),
          createdAt: at,
          updatedAt: at,
        }
        const webhook = await tx.webhook.create({ data })
        const secret = await addSecret(tx, appId, id, at)
        audit({ action: 'webhook.created', targetId: id })
        return { webhook, secret }
      })
    },

    /** Deactivating cancels what is pending. @throws InvalidInputError, NotFoundError */
    async update(viewer: Viewer, id: string, input: WebhookUpdateInput): Promise<Webhook> {
      requireScope(viewer, 'ADMIN')
      const { active, ...fields } = validate(inputs.update, input)
      if (active === false) await deps.backlog.cancel(viewer.appId, id)
      return commit(viewer, 'ADMIN', async (change) => {
        const { tx, at } = change
        const before = await tx.webhook.findUnique({ where: { id } })
        if (!before) throw new NotFoundError(id)
        const turned = active !== undefined && active !== (before.status === 'ACTIVE')
        const changed = changedFields(before, { ...before, ...defined(fields) })
        if (turned) changed.push('status')
        if (changed.length === 0) return before
        change.audit({ action: 'webhook.updated', targetId: id, changed })
        // It tells the dispatchers by itself.
        if (turned && !active) await deactivateWebhook(change, id, 'MANUAL')
        else change.publish(webhookTopic, id)
        const status = turned && active ? activeFields : {}
        return tx.webhook.update({ where: { id }, data: { ...fields, ...status, updatedAt: at } })
      })
    },

    /** Its deliveries go with it. @returns the id. @throws NotFoundError */
    async delete(viewer: Viewer, id: string): Promise<string> {
      requireScope(viewer, 'ADMIN')
      await deps.backlog.remove(viewer.appId, id)
      return commit(viewer, 'ADMIN', async ({ tx, audit, publish }) => {
        publish(webhookTopic, id)
        // First what attempts are under way of, which this waits for while they are being written down: whoever does so
        // locks in this order too.
        await tx.outboxEntry.deleteMany({ where: { webhookId: id } })
        const { count } = await tx.webhook.deleteMany({ where: { id } })
        if (count === 0) throw new NotFoundError(id)
        audit({ action: 'webhook.deleted', targetId: id })
        return id
      })
    },

    /** The current signing secret; given out only when the audit log says so. @throws NotFoundError */
    async revealSecret(viewer: Viewer, id: string): Promise<string> {
      return commit(viewer, 'ADMIN', async ({ tx, audit }) => {
        const secret = await tx.webhookSecret.findFirst({ where: { webhookId: id, validUntil: null } })
        if (!secret) throw new NotFoundError(id)
        audit({ action: 'webhook.secret_revealed', targetId: id })
        return secrets.open(secret.sealed, { appId: viewer.appId, webhookId: id })
      })
    },

    /**
     * Makes a new secret, which signs from now on. Until the overlap has passed the former ones sign as well, each to
     * its own end; without an overlap they are gone at once. An attempt under way still ends with what it began with.
     * @param overlapHours 0 to 168; 24 where it is not given.
     * @throws InvalidInputError, NotFoundError; ConflictError where 5 secrets sign already.
     */
    async rotateSecret(viewer: Viewer, id: string, overlapHours: number | null | undefined): Promise<Rotation> {
      requireScope(viewer, 'ADMIN')
      const hours = validate(overlap, overlapHours, ['overlapHours'])
      const { appId } = viewer
      return commit(viewer, 'ADMIN', async ({ tx, at, audit, publish }) => {
        const webhook = await tx.webhook.findUnique({ where: { id } })
        if (!webhook) throw new NotFoundError(id)
        await tx.webhookSecret.deleteMany({ where: { webhookId: id, ...(hours > 0 && { validUntil: { lte: at } }) } })
        if ((await tx.webhookSecret.count({ where: { webhookId: id } })) >= MAX_LIVE_SECRETS) {
          throw new ConflictError(
            `${MAX_LIVE_SECRETS} secrets sign already; wait for one to end, or rotate with overlapHours 0`,
          )
        }
        const previousValidUntil = hours > 0 ? new Date(at.getTime() + hours * 3_600_000) : null
        await tx.webhookSecret.updateMany({
          where: { webhookId: id, validUntil: null },
          data: { validUntil: previousValidUntil },
        })
        const secret = await addSecret(tx, appId, id, at)
        audit({ action: 'webhook.secret_rotated', targetId: id })
        publish(webhookTopic, id)
        return { webhook, secret, previousValidUntil }
      })
    },
  }

  async function addSecret(tx: ScopedTx, appId: string, webhookId: string, createdAt: Date): Promise<string> {
    const secret = newSecret()
    const sealed = secrets.seal(secret, { appId, webhookId })
    await tx.webhookSecret.create({ data: { id: newId('WebhookSecret'), appId, webhookId, sealed, createdAt } })
    return secret
  }
}

const activeFields = {
  status: 'ACTIVE',
  deactivationReason: null,
  deactivatedAt: null,
  failingSince: null,
} as const
const inactiveFields = (at: Date) =>
  ({ status: 'INACTIVE', deactivationReason: 'MANUAL', deactivatedAt: at, failingSince: null }) as const
