import type { Database } from '../db/database.ts'
import type { EventType } from '../db/generated/prisma/enums.ts'
import type { StoredEvent } from '../events/topics.ts'

/** Which events of an app are wanted. */
export interface EventFilter {
  /** Null: all. */
  types: readonly EventType[] | null
  externalTenantId: string | null
}

/** Whether an event passes; the same rule as in `logReader`. */
export const passes = ({ types, externalTenantId }: EventFilter, event: StoredEvent): boolean =>
  (types === null || types.includes(event.type)) &&
  (externalTenantId === null || event.externalTenantId === externalTenantId)

/** The cursor right behind an event. */
export const eventCursor = ({ sequence }: { sequence: number | null }): string =>
  Buffer.from(`sequence:${sequence ?? 0}`).toString('base64url')

/** The sequence in such a cursor; null when it is none. */
export function decodeEventCursor(cursor: string): number | null {
  const match = /^sequence:(\d{1,10})$/.exec(Buffer.from(cursor, 'base64url').toString())
  return match ? Number(match[1]) : null
}

/** Reads an app's log: up to `take` events behind `after` and up to `upTo` that pass the filter, oldest first. */
export type LogReader = (filter: EventFilter, after: number, upTo: number, take: number) => Promise<StoredEvent[]>

/** Everything. */
export const noFilter: EventFilter = { types: null, externalTenantId: null }

/** Reads the log of `appId`. */
export const logReader =
  ({ prisma }: Pick<Database, 'prisma'>, appId: string): LogReader =>
  ({ types, externalTenantId }, after, upTo, take) =>
    prisma.event.findMany({
      where: {
        appId,
        sequence: { gt: after, lte: upTo },
        ...(types && { type: { in: [...types] } }),
        ...(externalTenantId !== null && { externalTenantId }),
      },
      orderBy: { sequence: 'asc' },
      take,
      // Whatever is behind a sequence has one.
    }) as Promise<StoredEvent[]>

/** Newest sequence of each of the apps. */
export async function lastSequences(
  { prisma }: Pick<Database, 'prisma'>,
  appIds: string[],
): Promise<Map<string, number>> {
  const apps = await prisma.app.findMany({ where: { id: { in: appIds } }, select: { id: true, lastSequence: true } })
  return new Map(apps.map(({ id, lastSequence }) => [id, lastSequence]))
}
