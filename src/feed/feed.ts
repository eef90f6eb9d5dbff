import type { Viewer } from '../access/viewer.ts'
import type { Bus } from '../bus/bus.ts'
import type { Database } from '../db/database.ts'
import { BadRequestError } from '../errors.ts'
import { committedTopic } from '../events/topics.ts'
import type { Logger } from '../log.ts'
import { AppFeed } from './app-feed.ts'
import { decodeEventCursor, type EventFilter, lastSequences, noFilter, openLog } from './log.ts'
import { PerApp } from './per-app.ts'
import { Subscriber } from './subscriber.ts'

/** The live feed of this process. */
export interface Feed extends AsyncDisposable {
  /**
   * Events of the viewer's app, in sequence, none twice and none left out.
   * @param after cursors: first what was missed since the newest of them, from the log. None: what is committed from
   * now on.
   * @throws BadRequestError for a cursor that is none, CursorExpiredError for one whose events were removed.
   */
  subscribe(viewer: Viewer, filter: EventFilter, after?: readonly string[]): Promise<Subscriber>
}

/** Should the bus be silent, the database is asked this often for what it did not say. */
const POLL_MS = 1000

export function createFeed(db: Database, bus: Bus, log: Logger): Feed {
  const apps = new PerApp(async (appId) => {
    let feed: AppFeed | null = null
    // Listening comes first: what is committed after the look into the database is heard.
    const unsubscribe = await bus.subscribe(committedTopic(appId), (committed) => feed?.onCommitted(committed))
    try {
      const appLog = openLog(db, appId)
      feed = new AppFeed(await appLog.last(), appLog, unsubscribe)
      return feed
    } catch (error) {
      unsubscribe()
      throw error
    }
  })
  let isPolling = false
  let closed = false

  async function poll(): Promise<void> {
    const feeds = new Map(apps.open())
    if (feeds.size === 0 || isPolling) return
    isPolling = true
    try {
      for (const [appId, last] of await lastSequences(db, [...feeds.keys()])) void feeds.get(appId)?.reach(last)
    } catch (error) {
      log.warn({ err: error }, 'the feed could not look into the log')
    } finally {
      isPolling = false
    }
  }

  const polling = setInterval(poll, POLL_MS).unref()
  const stopListening = bus.onReconnect(() => void poll())

  return {
    async subscribe({ appId }, filter, after = []) {
      const { room, leave } = await apps.enter(appId)
      try {
        const last = await room.log.last()
        const position = after.length > 0 ? Math.max(...after.map((cursor) => positionOf(cursor, last))) : last
        await room.log.read(noFilter, position, last, 1)
        // What the log holds may not have come by the bus yet.
        await room.reach(last)
        const subscriber = new Subscriber(room, position, filter, () => {
          room.subscribers.delete(subscriber)
          leave()
        })
        room.subscribers.add(subscriber)
        if (closed) subscriber.end()
        return subscriber
      } catch (error) {
        leave()
        throw error
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearInterval(polling)
      stopListening()
      for (const [, { subscribers }] of [...apps.open()]) {
        for (const subscriber of [...subscribers]) subscriber.end()
      }
    },
  }
}

/** @returns the sequence that the cursor stands behind. */
function positionOf(after: string, last: number): number {
  const position = decodeEventCursor(after)
  if (position !== null && position <= last) return position
  throw new BadRequestError('after must be a cursor of an event of this app')
}
