import type { EventFieldsFragment } from '../gql/graphql.ts'

/** A place at which events are missing for good, and what is said there. */
export interface Gap {
  id: string
  gap: string
}

export type LogRow = EventFieldsFragment | Gap

export const isGap = (row: LogRow): row is Gap => 'gap' in row

/** The newest events, newest first, at most `limit`; what is older is let go. */
export class EventLog {
  rows: readonly LogRow[] = []
  /** Of the newest event; what comes next is sought right behind it. */
  cursor: string | null = null
  #sequence = 0
  readonly #limit: number
  readonly #gapless: boolean
  /** Behind which event a gap was looked into already. */
  #soughtBehind = -1

  /** @param gapless whether every event of the app is shown, so that a jump in the sequence is a gap. */
  constructor(limit: number, gapless: boolean) {
    this.#limit = limit
    this.#gapless = gapless
  }

  /**
   * Takes events in sequence; those that it has already are passed over.
   * @returns false when events before these are missing: nothing behind the gap was taken, read on from `cursor`. When
   * they are missing still the next time, they are gone, and the gap is shown.
   */
  append(events: readonly EventFieldsFragment[]): boolean {
    const fresh: LogRow[] = []
    let complete = true
    for (const event of events) {
      if (event.sequence <= this.#sequence) continue
      const missing = this.#gapless && this.#sequence > 0 ? event.sequence - this.#sequence - 1 : 0
      if (missing > 0 && this.#soughtBehind !== this.#sequence) {
        this.#soughtBehind = this.#sequence
        complete = false
        break
      }
      if (missing > 0) fresh.push(gapOf(`${missing} ${missing === 1 ? 'event is' : 'events are'} missing here`))
      fresh.push(event)
      this.#sequence = event.sequence
      this.cursor = event.cursor
    }
    this.#put(fresh)
    return complete
  }

  /** Shows that events are missing, and goes on with whatever comes next. */
  breakOff(text: string): void {
    this.#put([gapOf(text)])
    this.cursor = null
    this.#sequence = 0
  }

  /** @param fresh oldest first. */
  #put(fresh: LogRow[]): void {
    if (fresh.length > 0) this.rows = [...fresh.reverse(), ...this.rows].slice(0, this.#limit)
  }
}

let gaps = 0
const gapOf = (gap: string): Gap => ({ id: `gap-${++gaps}`, gap })
