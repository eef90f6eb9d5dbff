import { z } from 'zod'
import { requireScope, type Viewer } from '../access/viewer.ts'
import type { Delivery, Replay } from '../db/generated/prisma/client.ts'
import { DeliveryStatus } from '../db/generated/prisma/enums.ts'
import { firstDeliveryId, newEventId, newId } from '../db/ids.ts'
import type { ScopedDb, ScopedTx } from '../db/scoped.ts'
import { ConflictError, InvalidInputError, NotFoundError } from '../errors.ts'
import { bodyOf } from '../events/append.ts'
import type { Commit } from '../events/commit.ts'
import { deliveriesChanged, deliveriesTopic, dueTopic, replayTopic } from '../events/topics.ts'
import { validate, withDefault } from '../validate.ts'

/** An entry without a lease, or whose lease has run out: no attempt is under way, or about to be. */
const free = (at: Date) => ({ OR: [{ leasedUntil: null }, { leasedUntil: { lte: at } }] })

/**
 * Sends a delivery again at once, whatever became of it; one that is scheduled is brought forward. Its schedule begins
 * anew; attempts are counted on. Needs ADMIN.
 * @throws NotFoundError, or ConflictError when an attempt is under way or the webhook is inactive.
 */
export async function retryDelivery(commit: Commit, viewer: Viewer, id: string): Promise<Delivery> {
  return commit(viewer, 'ADMIN', async (change) => {
    const { tx, at } = change
    const delivery = await tx.delivery.findUnique({ where: { id }, include: { webhook: true, outbox: true } })
    if (!delivery) throw new NotFoundError(id)
    if (delivery.webhook.status !== 'ACTIVE') throw new ConflictError('The webhook is inactive; activate it first')
    const { webhookId, attemptCount, outbox } = delivery
    const underWay = new ConflictError('An attempt of this delivery is under way')
    if (outbox?.leasedUntil && outbox.leasedUntil > at) throw underWay
    // A dispatcher may take or settle it between the look and this: the conditions are in the statements.
    const { count } = await tx.delivery.updateMany({
      where: { id, attemptCount },
      data: { status: 'PENDING', completedAt: null, attemptsBefore: attemptCount },
    })
    await tx.outboxEntry.deleteMany({ where: { deliveryId: id, ...free(at) } })
    const entry = { deliveryId: id, webhookId, dueAt: at }
    const owed = await tx.outboxEntry.createMany({ data: entry, skipDuplicates: true })
    if (count === 0 || owed.count === 0) throw underWay
    change.audit({ action: 'delivery.retried', targetId: id })
    change.publish(dueTopic, true)
    const retried = await tx.delivery.findUniqueOrThrow({ where: { id } })
    change.publish(deliveriesTopic(viewer.appId), deliveriesChanged([retried]))
    return retried
  })
}

/**
 * Sends a webhook.test event to one webhook, whatever entity types it asked for; attempted once. Needs ADMIN.
 * @returns its delivery. @throws NotFoundError, or ConflictError for an inactive webhook.
 */
export async function testWebhook(commit: Commit, viewer: Viewer, webhookId: string): Promise<Delivery> {
  return commit(viewer, 'ADMIN', async (change) => {
    const { tx, at } = change
    const { name } = await activeWebhook(tx, webhookId)
    const { appId } = viewer
    const id = newEventId(at, null)
    const event = { type: 'WEBHOOK_TEST', entityId: webhookId, externalTenantId: null } as const
    const body = bodyOf(id, { ...event, data: { webhookId, name } }, { appId, at }, 0)
    await tx.event.create({ data: { id, appId, ...event, sequence: null, occurredAt: at, body } })
    change.audit({ action: 'webhook.tested', targetId: webhookId })
    change.publish(dueTopic, true)
    const delivery = await tx.delivery.create({
      data: { id: newDeliveryId(id), appId, webhookId, eventId: id, createdAt: at },
    })
    await tx.outboxEntry.create({ data: { deliveryId: delivery.id, webhookId, dueAt: at } })
    change.publish(deliveriesTopic(appId), deliveriesChanged([delivery]))
    return delivery
  })
}

const newDeliveryId = (eventId: string) => `dlv_${eventId.slice('evt_'.length)}`

const ReplayInput = z.object({
  webhookId: z.string(),
  since: z.date(),
  until: z.date().nullish(),
  statuses: withDefault(
    z
      .array(z.enum(DeliveryStatus))
      .min(1, 'At least one status must be given')
      .refine((statuses) => !statuses.includes('PENDING'), { message: 'Pending deliveries are sent anyway' }),
    [DeliveryStatus.FAILED, DeliveryStatus.CANCELED],
  ),
})

/** Which deliveries are to be sent again: made from `since` on and before `until`, now where it is not given. */
export type DeliveriesReplayInput = z.input<typeof ReplayInput>

/**
 * Has ended deliveries of a webhook sent again, oldest first, in the background; goes on after a restart. Needs ADMIN.
 * @returns the replay; its scheduledCount is exact. @throws InvalidInputError, NotFoundError, or ConflictError for an
 * inactive webhook and while another replay of it is under way.
 */
export async function replayDeliveries(
  db: ScopedDb,
  commit: Commit,
  viewer: Viewer,
  input: DeliveriesReplayInput,
): Promise<Replay> {
  requireScope(viewer, 'ADMIN')
  const { webhookId, since, until, statuses } = validate(ReplayInput, input)
  if (until && until <= since) {
    throw new InvalidInputError([{ path: ['input', 'until'], message: 'This must be after since' }])
  }
  // Among a million this takes its time, which under the app's lock would hold up all other changes: what is there now
  // is counted before, and is what will be sent.
  const newest = await db.delivery.findFirst({ where: { webhookId }, orderBy: { id: 'desc' }, select: { id: true } })
  // Ids sort by the time of their event, by the same clock: a range of time is a range of ids.
  const behindNewest = `${newest?.id ?? ''}0`
  const behindLast = until ? firstDeliveryId(until) : behindNewest
  const range = {
    fromId: firstDeliveryId(since),
    untilId: behindLast < behindNewest ? behindLast : behindNewest,
  }
  const scheduledCount = await db.delivery.count({
    where: {
      webhookId,
      status: { in: statuses },
      id: { gte: range.fromId, lt: range.untilId },
      OR: [{ outbox: null }, { outbox: free(new Date()) }],
    },
  })
  return commit(viewer, 'ADMIN', async (change) => {
    const { tx, at } = change
    await activeWebhook(tx, webhookId)
    if (await tx.replay.findFirst({ where: { webhookId, completedAt: null } })) {
      throw new ConflictError('A replay of this webhook is under way')
    }
    change.audit({ action: 'webhook.replayed', targetId: webhookId })
    change.publish(replayTopic, true)
    const completedAt = scheduledCount === 0 ? at : null
    const data = { id: newId('Replay'), appId: viewer.appId, webhookId, statuses, ...range, scheduledCount }
    return tx.replay.create({ data: { ...data, createdAt: at, completedAt } })
  })
}

async function activeWebhook(tx: ScopedTx, id: string) {
  const webhook = await tx.webhook.findUnique({ where: { id } })
  if (!webhook) throw new NotFoundError(id)
  if (webhook.status !== 'ACTIVE') throw new ConflictError('The webhook is inactive; activate it first')
  return webhook
}
