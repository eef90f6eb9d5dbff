import type { Sql } from '../db/database.ts'
import type { DeliveryStatus } from '../db/generated/prisma/enums.ts'
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
  const kept = await sql.query<{ id: string; status: DeliveryStatus }>(
    `UPDATE "Delivery" delivery SET "dueAt" = now() + make_interval(secs => $3)
     FROM unnest($1::text[], $2::text[]) AS held(id, lease)
     WHERE delivery.id = held.id AND delivery."leaseId" = held.lease
     RETURNING delivery.id, delivery.status`,
    [...columns(held), LEASE_S],
  )
  return new Set(kept.filter(({ status }) => status === 'PENDING').map(({ id }) => id))
}

/** Gives back what was claimed and not attempted: it is due at once, for whoever comes. */
export async function giveBack(sql: Sql, held: readonly Claimed[]): Promise<void> {
  if (held.length === 0) return
  await sql.query(
    `UPDATE "Delivery" delivery SET "dueAt" = now(), "leaseId" = NULL
     FROM unnest($1::text[], $2::text[]) AS held(id, lease)
     WHERE delivery.id = held.id AND delivery."leaseId" = held.lease`,
    columns(held),
  )
}
