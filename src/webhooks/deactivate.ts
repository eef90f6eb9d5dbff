import type { DeactivationReason } from '../db/generated/prisma/enums.ts'
import type { Commit } from '../events/commit.ts'
import { deliveriesChanged, deliveriesTopic, webhookTopic } from '../events/topics.ts'
import type { Change } from '../events/unit.ts'
import type { Backlog } from './backlog.ts'

/**
 * Makes a webhook inactive and cancels what it is still owed. An attempt under way ends as it ends: what was delivered
 * counts. The app's lock, which a change has, keeps events from just being owed to it. Does nothing to an inactive one.
 * @returns whether it was active.
 */
export async function deactivateWebhook(
  { tx, at, publish }: Change,
  webhookId: string,
  reason: DeactivationReason,
): Promise<boolean> {
  const active = await tx.webhook.findFirst({ where: { id: webhookId, status: 'ACTIVE' }, select: { appId: true } })
  if (!active) return false
  // The replay first: this waits for a batch that is just making deliveries due, so that they are seen by the next
  // statement. Then the outbox, the deliveries and the webhook: whoever settles attempts locks in this order too.
  await tx.replay.updateMany({ where: { webhookId, completedAt: null }, data: { completedAt: at } })
  const owed = await tx.outboxEntry.findMany({
    where: { webhookId, dueAt: { not: null } },
    select: { deliveryId: true },
  })
  const waiting = { webhookId, leaseId: null }
  await tx.outboxEntry.deleteMany({ where: waiting })
  // The others wait for the attempt that is under way, and are due no more. Some may have ended between the two.
  await tx.outboxEntry.updateMany({ where: { webhookId, dueAt: { not: null } }, data: { dueAt: null } })
  await tx.outboxEntry.deleteMany({ where: waiting })
  await tx.delivery.updateMany({
    where: { id: { in: owed.map(({ deliveryId }) => deliveryId) }, status: 'PENDING' },
    data: { status: 'CANCELED', completedAt: at },
  })
  await tx.webhook.updateMany({
    where: { id: webhookId },
    data: { status: 'INACTIVE', deactivationReason: reason, deactivatedAt: at, updatedAt: at },
  })
  publish(webhookTopic, webhookId)
  publish(deliveriesTopic(active.appId), deliveriesChanged('many'))
  return true
}

/** Deactivates a webhook in Herald's own name. */
export type Deactivate = (appId: string, webhookId: string, reason: DeactivationReason) => Promise<void>

export const createDeactivate =
  (commit: Commit, backlog: Backlog): Deactivate =>
  async (appId, webhookId, reason) => {
    await backlog.cancel(appId, webhookId)
    await commit({ appId, keyId: null, ip: null, scopes: ['ADMIN'] }, 'ADMIN', async (change) => {
      if (!(await deactivateWebhook(change, webhookId, reason))) return
      change.audit({ action: 'webhook.deactivated', targetId: webhookId, changed: ['status'] })
    })
  }
