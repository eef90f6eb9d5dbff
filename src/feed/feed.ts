import type { Viewer } from '../access/viewer.ts'
import type { Bus } from '../bus/bus.ts'
import type { Database } from '../db/database.ts'
import { BadRequestError } from '../errors.ts'
import { type Committed, committedTopic } from '../events/topics.ts'
import type { Logger } from '../log.ts'
import { AppFeed } from './app-feed.ts'
import { decodeEventCursor, type EventFilter, lastSequences, logReader, noFilter } from './log.ts'
import { Subscriber } from './subscriber.ts'

/** The live feed of this process. */
export interface Feed extends AsyncDisposable {
  /**
   * Events of the viewer's app, in sequence, none twice and none left out.
   * @param after a cursor: first what was missed since, from the log. Not given: what is committed from now on.
   * @throws BadRequestError for a cursor that is none, CursorExpiredError for one whose events were removed.
   */
  subscribe(viewer: Viewer, filter: EventFilter, after?: string | null): Promise<Subscriber>
}

/** Events behind the cursor are gone from the log: what the client has can't be brought up to date from here. */
export class CursorExpiredError extends Error {
  override name = 'CursorExpiredError'
}

/** Should the bus be silent, the database is asked this often for what it did not say. */
const POLL_MS = 1000

export function createFeed(db: Database, bus: Bus, log: Logger): Feed {
  const entries = new Map<string, Entry>()

  /** The app's feed, opened for its first user. Each call is answered by one of `leave`. */
  function enter(appId: string): Entry {
    const entry = entries.get(appId) ?? {
      users: 0,
      feed: null,
      ready: open(appId, (committed) => entry.feed?.onCommitted(committed)),
    }
    entries.set(appId, entry)
    entry.users++
    return entry
  }

  function leave(appId: string, entry: Entry): void {
    entry.users--
    if (entry.users > 0) return
    if (entries.get(appId) === entry) entries.delete(appId)
    entry.ready.then(({ unsubscribe }) => unsubscribe()).catch(() => {})
  }

  async function open(appId: string, onCommitted: (committed: Committed) => void): Promise<Opened> {
    // Listening comes first: what is committed after the look into the database is heard.
    const unsubscribe = await bus.subscribe(committedTopic(appId), onCommitted)
    try {
      return { feed: new AppFeed(await lastOf(appId), logReader(db, appId)), unsubscribe }
    } catch (error) {
      unsubscribe()
      throw error
    }
  }

  const lastOf = async (appId: string) => (await lastSequences(db, [appId])).get(appId) ?? 0

  async function poll(): Promise<void> {
    if (entries.size === 0) return
    try {
      const lasts = await lastSequences(db, [...entries.keys()])
      for (const [appId, last] of lasts) void entries.get(appId)?.feed?.reach(last)
    } catch (error) {
      log.warn({ err: error }, 'the feed could not look into the log')
    }
  }

  /** @returns the sequence that the cursor stands behind. */
  async function positionOf(appId: string, after: string, last: number): Promise<number> {
    const position = decodeEventCursor(after)
    if (position === null || position > last)
      throw new BadRequestError('after must be a cursor of an event of this app')
    if (position === last) return position
    const [next] = await logReader(db, appId)(noFilter, position, position + 1, 1)
    if (!next) throw new CursorExpiredError('Events behind this cursor were removed; read the current state anew')
    return position
  }

  const polling = setInterval(poll, POLL_MS).unref()
  const stopListening = bus.onReconnect(() => void poll())

  return {
    async subscribe({ appId }, filter, after) {
      const entry = enter(appId)
      try {
        const { feed } = await entry.ready
        entry.feed = feed
        const last = await lastOf(appId)
        const position = after == null ? last : await positionOf(appId, after, last)
        // What the log holds may not have come by the bus yet.
        await feed.reach(last)
        return new Subscriber(feed, position, filter, logReader(db, appId), () => leave(appId, entry))
      } catch (error) {
        leave(appId, entry)
        throw error
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(polling)
      stopListening()
      for (const { feed } of [...entries.values()]) {
        for (const subscriber of feed?.subscribers ?? []) subscriber.end()
      }
    },
  }
}

interface Opened {
  feed: AppFeed
  unsubscribe(): void
}

interface Entry {
  /** Subscribers, and those who are about to be. */
  users: number
  feed: AppFeed | null
  ready: Promise<Opened>
}
