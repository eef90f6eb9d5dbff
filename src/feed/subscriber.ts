import type { StoredEvent } from '../events/topics.ts'
import type { AppFeed } from './app-feed.ts'
import { type EventFilter, type LogReader, passes } from './log.ts'

/** Events that wait for one subscriber. One more, and it goes on from the log instead, at its own pace. */
const MAX_WAITING = 256
/** Events read from the log at a time. */
const PAGE = 100

/**
 * One subscription's events, pulled by its client: first from the log, from where the client was; then live. A client
 * that falls behind is served from the log again, so that it costs a bounded buffer and never misses an event.
 */
export class Subscriber implements AsyncIterableIterator<StoredEvent> {
  #position: number
  #waiting: StoredEvent[] = []
  #live = false
  #ended = false
  #failure: Error | null = null
  #wake: (() => void) | null = null
  readonly #feed: AppFeed
  readonly #filter: EventFilter
  readonly #read: LogReader
  readonly #onEnd: () => void

  /** @param position sequence behind which it begins. @param onEnd called once. */
  constructor(feed: AppFeed, position: number, filter: EventFilter, read: LogReader, onEnd: () => void) {
    this.#feed = feed
    this.#position = position
    this.#filter = filter
    this.#read = read
    this.#onEnd = onEnd
    feed.subscribers.add(this)
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
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<StoredEvent>> {
    while (!this.#ended) {
      const event = this.#waiting.shift()
      if (event) {
        this.#position = event.sequence
        return { value: event, done: false }
      }
      if (this.#live) await this.#sleep()
      else await this.#readOn()
    }
    if (this.#failure) throw this.#failure
    return { value: undefined, done: true }
  }

  async #readOn(): Promise<void> {
    const upTo = this.#feed.last
    if (this.#position < upTo) {
      const events = await this.#read(this.#filter, this.#position, upTo, PAGE)
      this.#waiting = events
      // The position moves on with what is handed out, and the rest of the way where nothing passes the filter.
      if (events.length > 0) return
      this.#position = upTo
    }
    // No await between this look and going live: nothing can fall between the log and the stream.
    if (this.#feed.last <= this.#position) this.#live = true
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null
        resolve()
      }
    })
  }

  /** Ends the stream: cleanly, or with an error for the client. What it was not yet given it is not given. */
  end(failure: Error | null = null): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    this.#waiting = []
    this.#feed.subscribers.delete(this)
    this.#onEnd()
    this.#wake?.()
  }

  async return(): Promise<IteratorResult<StoredEvent>> {
    this.end()
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
