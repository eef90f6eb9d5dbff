import type { Committed, StoredEvent } from '../events/topics.ts'
import { type AppLog, CursorExpiredError, noFilter } from './log.ts'

/** Someone who is given an app's events. */
interface Listener {
  offer(event: StoredEvent): void
  end(failure?: Error): void
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
  readonly close: () => void
  readonly log: AppLog
  #target: number
  #catchingUp = false

  /** @param last sequence behind which it begins. @param close called when it is no longer needed. */
  constructor(last: number, log: AppLog, close: () => void) {
    this.last = last
    this.#target = last
    this.log = log
    this.close = close
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
        // Whatever the bus promised, the database is right.
        this.#target = Math.min(this.#target, await this.log.last())
        for (const event of await this.log.read(noFilter, this.last, this.#target, PAGE)) this.#give(event)
      }
    } catch (error) {
      if (error instanceof CursorExpiredError) this.#giveUp(error)
      // Else the database is away; the poll comes back to it.
    } finally {
      this.#catchingUp = false
    }
  }

  #give(event: StoredEvent): void {
    if (event.sequence <= this.last) return
    this.last = event.sequence
    for (const subscriber of this.subscribers) subscriber.offer(event)
  }

  /** What was to be given is gone from the log: nobody is left with a gap unawares. */
  #giveUp(error: CursorExpiredError): void {
    this.last = this.#target
    for (const subscriber of [...this.subscribers]) subscriber.end(error)
  }
}

const isRun = (events: readonly StoredEvent[]) =>
  events.every((event, index) => index === 0 || event.sequence === (events[index - 1]?.sequence ?? 0) + 1)
