import type { StoredEvent } from '../events/topics.ts'
import type { AppFeed } from './app-feed.ts'
import { CursorExpiredError, type EventFilter, eventCursor, passes } from './log.ts'
import { Source } from './source.ts'

/** Events that wait for one subscriber. One more, and it goes on from the log instead, at its own pace. */
const MAX_WAITING = 256
/** Events read from the log at a time. */
const PAGE = 100
/** After an error of the database. */
const RETRY_MS = 1000

/**
 * One subscription's events, pulled by its client: first from the log, from where the client was; then live. A client
 * that falls behind is served from the log again, so that it costs a bounded buffer and never misses an event.
 */
export class Subscriber extends Source<StoredEvent> {
  /** Sequence of the last event that was handed out, or of the place in the log up to which nothing passed. */
  #position: number
  #waiting: StoredEvent[] = []
  #live = false
  readonly #feed: AppFeed
  readonly #filter: EventFilter

  /** @param position sequence behind which it begins. */
  constructor(feed: AppFeed, position: number, filter: EventFilter, onEnd: () => void) {
    super(onEnd)
    this.#feed = feed
    this.#position = position
    this.#filter = filter
  }

  /** A live event. Kept for the client unless it reads from the log and will come by it there. */
  offer(event: StoredEvent): void {
    if (!this.#live || event.sequence <= this.#position || !passes(this.#filter, event)) return
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting = []
      this.#live = false
      return
    }
    this.#waiting.push(event)
    this.wake()
  }

  override take(max: number): StoredEvent[] {
    if (this.ended) return []
    const taken = this.#waiting.length <= max ? this.#waiting : this.#waiting.slice(0, max)
    this.#waiting = this.#waiting.slice(taken.length)
    this.#position = taken.at(-1)?.sequence ?? this.#position
    return taken
  }

  override keyOf({ sequence }: StoredEvent): string {
    return `event ${sequence}`
  }

  override cursorOf(event: StoredEvent): string {
    return eventCursor(event)
  }

  protected override async fetch(): Promise<void> {
    if (this.#live) return super.fetch()
    try {
      await this.#readOn()
    } catch (error) {
      if (error instanceof CursorExpiredError) this.end(error)
      // Else the database is away: the stream waits for it.
      else await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  async #readOn(): Promise<void> {
    const upTo = this.#feed.last
    // The position moves on with what is handed out, and the rest of the way where nothing passes the filter.
    this.#waiting = await this.#feed.log.read(this.#filter, this.#position, upTo, PAGE)
    if (this.#waiting.length > 0) return
    this.#position = Math.max(this.#position, upTo)
    // No await between this look and going live: nothing can fall between the log and the stream.
    if (this.#feed.last <= this.#position) this.#live = true
  }
}
