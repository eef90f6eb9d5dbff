import type { Database } from '../db/database.ts'
import type { EventType } from '../db/generated/prisma/enums.ts'
import type { StoredEvent } from '../events/topics.ts'

/** Which events of an app are wanted. */
export interface EventFilter {
  /** Null: all. */
  types: readonly EventType[] | null
  externalTenantId: string | null
}

/** Whether an event passes; the same rule as in `AppLog.read`. */
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

/** Everything. */
export const noFilter: EventFilter = { types: null, externalTenantId: null }

/** The log of one app. */
export interface AppLog {
  /**
   * Up to `take` events behind `after` and up to `upTo` that pass the filter, oldest first.
   * @throws CursorExpiredError when events behind `after` were removed.
   */
  read(filter: EventFilter, after: number, upTo: number, take: number): Promise<StoredEvent[]>
  /** Sequence of the newest event; 0 before the first. */
  last(): Promise<number>
}

/** Events behind the cursor are gone from the log: what the client has can't be brought up to date from here. */
export class CursorExpiredError extends Error {
  override name = 'CursorExpiredError'
  constructor() {
    super('Events behind this cursor were removed; read the current state anew, then subscribe without a cursor')
  }
}

/** Opens the log of `appId`. */
export const openLog = ({ prisma }: Pick<Database, 'prisma'>, appId: string): AppLog => ({
  async read({ types, externalTenantId }, after, upTo, take) {
    if (after >= upTo) return []
    // Whatever is behind a sequence has one.
    const events = (await prisma.event.findMany({
      where: {
        appId,
        sequence: { gt: after, lte: upTo },
        ...(types && { type: { in: [...types] } }),
        ...(externalTenantId !== null && { externalTenantId }),
      },
      orderBy: { sequence: 'asc' },
      take,
    })) as StoredEvent[]
    // Looked for after the reading, so that nothing can have been removed between. Removal begins at the oldest.
    const next =
      events[0]?.sequence === after + 1 || (await prisma.event.count({ where: { appId, sequence: after + 1 } }))
    if (!next) throw new CursorExpiredError()
    return events
  },
  async last() {
    return (await lastSequences({ prisma }, [appId])).get(appId) ?? 0
  },
})

/** Newest sequence of each of the apps. */
export async function lastSequences(
  { prisma }: Pick<Database, 'prisma'>,
  appIds: string[],
): Promise<Map<string, number>> {
  const apps = await prisma.app.findMany({ where: { id: { in: appIds } }, select: { id: true, lastSequence: true } })
  return new Map(apps.map(({ id, lastSequence }) => [id, lastSequence]))
}
