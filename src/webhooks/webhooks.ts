import { z } from 'zod'
import { requireScope, type Viewer } from '../access/viewer.ts'
import type { Bus } from '../bus/bus.ts'
import type { Webhook } from '../db/generated/prisma/client.ts'
import { DeliveryPolicy, EntityType } from '../db/generated/prisma/enums.ts'
import { newId } from '../db/ids.ts'
import type { ScopedDb, ScopedTx } from '../db/scoped.ts'
import { NotFoundError, WebhookLimitReachedError } from '../errors.ts'
import type { Commit } from '../events/commit.ts'
import { announceDeliveries } from '../events/topics.ts'
import { optionalText, validate, withDefault } from '../validate.ts'
import type { AddressPolicy } from './address-policy.ts'
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
type Schemas = ReturnType<typeof schemas>

/** Rules: see webhookUrl; the name has at most 50 characters; no entities means all. */
export type WebhookCreateInput = z.input<Schemas['create']>
/** Left out: unchanged. A null name clears it; null is refused elsewhere. */
export type WebhookUpdateInput = z.input<Schemas['update']>

/** The use cases of webhooks. All of them need a key with ADMIN. */
export type Webhooks = ReturnType<typeof createWebhooks>

/** @param limit webhooks per app, inactive ones included. */
export function createWebhooks(deps: {
  commit: Commit
  bus: Bus
  secrets: SecretBox
  policy: AddressPolicy
  limit: number
}) {
  const { commit, bus, secrets, limit } = deps
  const inputs = schemas(deps.policy)

  return {
    limit,

    /** @returns the webhook and its secret. @throws InvalidInputError, WebhookLimitReachedError */
    async create(viewer: Viewer, input: WebhookCreateInput): Promise<{ webhook: Webhook; secret: string }> {
      requireScope(viewer, 'ADMIN')
      const { active, ...fields } = validate(inputs.create, input)
      const { appId } = viewer
      return commit(viewer, 'ADMIN', async ({ tx, at }) => {
        if ((await tx.webhook.count()) >= limit) throw new WebhookLimitReachedError(limit)
        const id = newId('Webhook')
        const data = { id, appId, ...fields, ...statusFields(active, at), createdAt: at, updatedAt: at }
        const webhook = await tx.webhook.create({ data })
        const secret = newSecret()
        const sealed = secrets.seal(secret, { appId, webhookId: id })
        await tx.webhookSecret.create({
          data: { id: newId('WebhookSecret'), appId, webhookId: id, sealed, createdAt: at },
        })
        return { webhook, secret }
      })
    },

    /** Deactivating cancels what is pending. @throws InvalidInputError, NotFoundError */
    async update(viewer: Viewer, id: string, input: WebhookUpdateInput): Promise<Webhook> {
      requireScope(viewer, 'ADMIN')
      const { active, ...fields } = validate(inputs.update, input)
      const webhook = await commit(viewer, 'ADMIN', async ({ tx, at }) => {
        const before = await tx.webhook.findUnique({ where: { id } })
        if (!before) throw new NotFoundError(id)
        const turned = active !== undefined && active !== (before.status === 'ACTIVE')
        if (turned && !active) await cancelPending(tx, id, at)
        const status = turned ? statusFields(active, at) : {}
        return tx.webhook.update({ where: { id }, data: { ...fields, ...status, updatedAt: at } })
      })
      // Those that were canceled are as many as they may be.
      if (active === false) announceDeliveries(bus, viewer.appId, 'many')
      return webhook
    },

    /** Its deliveries go with it. @returns the id. @throws NotFoundError */
    async delete(viewer: Viewer, id: string): Promise<string> {
      return commit(viewer, 'ADMIN', async ({ tx }) => {
        const { count } = await tx.webhook.deleteMany({ where: { id } })
        if (count === 0) throw new NotFoundError(id)
        return id
      })
    },

    /** The current signing secret. @throws NotFoundError */
    async revealSecret(viewer: Viewer, db: ScopedDb, id: string): Promise<string> {
      requireScope(viewer, 'ADMIN')
      const secret = await db.webhookSecret.findFirst({ where: { webhookId: id, validUntil: null } })
      if (!secret) throw new NotFoundError(id)
      return secrets.open(secret.sealed, { appId: viewer.appId, webhookId: id })
    },
  }
}

function statusFields(active: boolean, at: Date) {
  return active
    ? { status: 'ACTIVE' as const, deactivationReason: null, deactivatedAt: null, failingSince: null }
    : { status: 'INACTIVE' as const, deactivationReason: 'MANUAL' as const, deactivatedAt: at }
}

/** Cancels what the webhook is still owed. An attempt under way ends as it ends: what was delivered counts. */
async function cancelPending(tx: ScopedTx, webhookId: string, at: Date): Promise<void> {
  await tx.delivery.updateMany({
    where: { webhookId, status: 'PENDING' },
    data: { status: 'CANCELED', completedAt: at },
  })
}
