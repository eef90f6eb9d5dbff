import type { Sql } from '../db/database.ts'
import { type Claimed, LEASE_S } from './claim.ts'

/** In the order of ids, as whoever locks several deliveries does. */
function columns(held: readonly Claimed[]): [ids: string[], leases: string[]] {
  const ordered = held.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return [ordered.map(({ id }) => id), ordered.map(({ leaseId }) => leaseId)]
}

/**
 * Keeps what is held for another lease's time.
 * @returns the ids of those that are still to be sent: not those whose lease was lost or that were canceled.
 */
export async function renewLeases(sql: Sql, held: readonly Claimed[]): Promise<Set<string>> {
  if (held.length === 0) return new Set()
  // What is locked just now is being settled, canceled or claimed anew: to wait for it would only invite deadlocks.
  const kept = await sql.query<{ id: string; canceled: boolean }>(
    `WITH mine AS (
       SELECT "deliveryId" FROM "OutboxEntry" entry
       JOIN unnest($1::text[], $2::text[]) AS held(id, lease)
         ON entry."deliveryId" = held.id AND entry."leaseId" = held.lease
       WHERE entry."deliveryId" = ANY($1)
       FOR UPDATE OF entry SKIP LOCKED
     )
     UPDATE "OutboxEntry" SET "leasedUntil" = now() + make_interval(secs => $3)
     WHERE "deliveryId" = ANY(ARRAY(SELECT "deliveryId" FROM mine))
     RETURNING "deliveryId" AS id, "dueAt" IS NULL AS canceled`,
    [...columns(held), LEASE_S],
  )
  return new Set(kept.filter(({ canceled }) => !canceled).map(({ id }) => id))
}

/** Gives back what was claimed and not attempted: it is due as it was, for whoever comes; not what was canceled. */
export async function giveBack(sql: Sql, held: readonly Claimed[]): Promise<void> {
  if (held.length === 0) return
  await sql.query(
    `WITH held AS MATERIALIZED (
       SELECT * FROM unnest($1::text[], $2::text[]) AS h(id, lease)
     ), canceled AS (
       DELETE FROM "OutboxEntry" entry USING held
       WHERE entry."deliveryId" = ANY($1) AND entry."deliveryId" = held.id AND entry."leaseId" = held.lease
         AND entry."dueAt" IS NULL
     )
     UPDATE "OutboxEntry" entry SET "leaseId" = NULL, "leasedUntil" = NULL FROM held
     WHERE entry."deliveryId" = ANY($1) AND entry."deliveryId" = held.id AND entry."leaseId" = held.lease
       AND entry."dueAt" IS NOT NULL`,
    columns(held),
  )
}
