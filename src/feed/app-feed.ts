import type { Committed, StoredEvent } from '../events/topics.ts'
import { type LogReader, noFilter } from './log.ts'

/** Someone who is given an app's events. */
interface Listener {
  offer(event: StoredEvent): void
  end(): void
}

/** Events read from the log at a time. */
const PAGE = 200

/**
 * The live events of one app in this process, in sequence and without a gap. What the bus says is taken where it joins
 * on to what was seen; where it does not, the log is read.
 */
export class AppFeed {
  /** Sequence of the newest event that the live subscribers were given. */
  last: number
  readonly subscribers = new Set<Listener>()
  readonly #read: LogReader
  #target: number
  #catchingUp = false

  constructor(last: number, read: LogReader) {
    this.last = last
    this.#target = last
    this.#read = read
  }

  /** Takes what the bus says was committed. */
  onCommitted({ lastSequence, events }: Committed): void {
    if (!this.#catchingUp && events[0] && events[0].sequence <= this.last + 1 && isRun(events)) {
      for (const event of events) this.#give(event)
    } else void this.reach(lastSequence)
  }

  /** Reads the log until `sequence` has been given. @throws never: what fails is tried again by the next call. */
  async reach(sequence: number): Promise<void> {
    this.#target = Math.max(this.#target, sequence)
    if (this.#catchingUp || this.#target <= this.last) return
    this.#catchingUp = true
    try {
      while (this.last < this.#target) {
        const events = await this.#read(noFilter, this.last, this.#target, PAGE)
        for (const event of events) this.#give(event)
        // Gone from the log: nothing is left to give up to there.
        if (events.length < PAGE) this.last = Math.max(this.last, this.#target)
      }
    } catch {
      // The database is away; the poll comes back to it.
    } finally {
      this.#catchingUp = false
    }
  }

  #give(event: StoredEvent): void {
    if (event.sequence <= this.last) return
    this.last = event.sequence
    for (const subscriber of this.subscribers) subscriber.offer(event)
  }
}

const isRun = (events: readonly StoredEvent[]) =>
  events.every((event, index) => index === 0 || event.sequence === (events[index - 1]?.sequence ?? 0) + 1)
