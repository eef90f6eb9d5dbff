import { isDeadlock, type Sql } from '../db/database.ts'

/** Deliveries that one statement takes. */
const BATCH = 1000

/**
 * Takes a webhook's deliveries out of the way, batch after batch, before the change that ends them all: under the app's
 * lock that would hold up the app's other changes for as long as a million rows take. Nothing is done for another app's
 * webhook. What comes in meanwhile is left to the change.
 */
export interface Backlog {
  /** Cancels what is pending. */
  cancel(appId: string, webhookId: string): Promise<void>
  /** Removes all, with their attempts, but those that an attempt is under way of. */
  remove(appId: string, webhookId: string): Promise<void>
}

const theWebhook = `(SELECT id FROM "Webhook" WHERE id = $1 AND "appId" = $2)`

// What is under way stays in the outbox until its attempt has been written down, and is due no more.
const cancelSql = `
  WITH batch AS MATERIALIZED (
    SELECT "deliveryId" AS id, "leaseId" FROM "OutboxEntry"
    WHERE "webhookId" = ${theWebhook} AND "dueAt" IS NOT NULL
    LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
  ), waiting AS (
    DELETE FROM "OutboxEntry" WHERE "deliveryId" = ANY(ARRAY(SELECT id FROM batch WHERE "leaseId" IS NULL))
  ), "underWay" AS (
    UPDATE "OutboxEntry" SET "dueAt" = NULL
    WHERE "deliveryId" = ANY(ARRAY(SELECT id FROM batch WHERE "leaseId" IS NOT NULL))
  )
  UPDATE "Delivery" SET status = 'CANCELED', "completedAt" = now()
  WHERE id = ANY(ARRAY(SELECT id FROM batch)) RETURNING id`

const removeSql = `
  DELETE FROM "Delivery" WHERE id = ANY(ARRAY(
    SELECT id FROM "Delivery" delivery
    WHERE "webhookId" = ${theWebhook} AND NOT EXISTS (SELECT 1 FROM "OutboxEntry" WHERE "deliveryId" = delivery.id)
    LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
  )) RETURNING id`

export function createBacklog(sql: Sql): Backlog {
  async function repeat(statement: string, appId: string, webhookId: string): Promise<void> {
    for (;;) {
      try {
        if ((await sql.query(statement, [webhookId, appId])).length < BATCH) return
      } catch (error) {
        // A delivery that is retried or replayed just now is locked before its entry.
        if (!isDeadlock(error)) throw error
      }
    }
  }
  return {
    cancel: (appId, webhookId) => repeat(cancelSql, appId, webhookId),
    async remove(appId, webhookId) {
      await repeat(cancelSql, appId, webhookId)
      await repeat(removeSql, appId, webhookId)
    },
  }
}
