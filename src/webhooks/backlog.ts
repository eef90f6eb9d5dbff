import type { Sql } from '../db/database.ts'

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
  /** Removes all, with their attempts. */
  remove(appId: string, webhookId: string): Promise<void>
}

const batchOf = (condition: string) => `
  SELECT id FROM "Delivery"
  WHERE "webhookId" = (SELECT id FROM "Webhook" WHERE id = $1 AND "appId" = $2) ${condition}
  LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`

const cancelSql = `
  UPDATE "Delivery" SET status = 'CANCELED', "completedAt" = now()
  WHERE id IN (${batchOf(`AND status = 'PENDING'`)}) RETURNING id`

const removeSql = `DELETE FROM "Delivery" WHERE id IN (${batchOf('')}) RETURNING id`

export function createBacklog(sql: Sql): Backlog {
  async function repeat(statement: string, appId: string, webhookId: string): Promise<void> {
    while ((await sql.query(statement, [webhookId, appId])).length === BATCH);
  }
  return {
    cancel: (appId, webhookId) => repeat(cancelSql, appId, webhookId),
    remove: (appId, webhookId) => repeat(removeSql, appId, webhookId),
  }
}
