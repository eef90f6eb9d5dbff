import type { Sql } from '../db/database.ts'
import { type Claimed, LEASE_S } from './claim.ts'

const columns = (held: readonly Claimed[]) => [held.map(({ id }) => id), held.map(({ leaseId }) => leaseId)]

/** Keeps what is held for another lease's time. @returns the ids of those whose lease was lost. */
export async function renewLeases(sql: Sql, held: readonly Claimed[]): Promise<Set<string>> {
  if (held.length === 0) return new Set()
  const kept = await sql.query<{ id: string }>(
    `UPDATE "Delivery" delivery SET "dueAt" = now() + make_interval(secs => $3)
     FROM unnest($1::text[], $2::text[]) AS held(id, lease)
     WHERE delivery.id = held.id AND delivery."leaseId" = held.lease
     RETURNING delivery.id`,
    [...columns(held), LEASE_S],
  )
  const ids = new Set(kept.map(({ id }) => id))
  return new Set(held.map(({ id }) => id).filter((id) => !ids.has(id)))
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
