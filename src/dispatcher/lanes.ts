import type { Claimed } from './claim.ts'

/** After so many failures in a row a lane probes with one attempt at a time, until one succeeds. */
const BREAKER = 10
/** A fast lane may hold as much again as it sends in this time, so that it does not run dry between two claims. */
const AHEAD_MS = 100
/** At most so many times its concurrency is held ahead. */
const MAX_AHEAD = 3
/** Idle lanes that are remembered, for their breaker and their speed. */
const MAX_REMEMBERED = 1000

/** One webhook's own line: what is under way, what waits, and how it has been going. */
export class Lane {
  readonly webhookId: string
  readonly appId: string
  readonly queue: Claimed[] = []
  underWay = 0
  /** Whether the last claim left something due behind, for want of room. */
  more = false
  /** Deliveries in memory: waiting, under way, or not yet written down. */
  held = 0
  #failuresInARow = 0
  #averageMs: number | null = null
  readonly #concurrency: number

  constructor({ webhookId, appId }: Pick<Claimed, 'webhookId' | 'appId'>, concurrency: number) {
    this.webhookId = webhookId
    this.appId = appId
    this.#concurrency = concurrency
  }

  /** Attempts that may be under way at once. */
  get limit(): number {
    return this.#failuresInARow >= BREAKER ? 1 : this.#concurrency
  }

  /** How many more deliveries the lane would take. A slow one takes only what it can send at once. */
  get room(): number {
    const ahead = this.#averageMs === null ? 0 : Math.min(MAX_AHEAD, AHEAD_MS / (this.#averageMs + 1))
    return Math.max(0, Math.floor(this.limit * (1 + ahead)) - this.underWay - this.queue.length)
  }

  /** Whether it is time to claim more: before the lane runs dry. */
  get hungry(): boolean {
    return this.more && this.queue.length <= this.limit / 2
  }

  /** Takes note of an attempt that ended. */
  ended(succeeded: boolean, durationMs: number): void {
    this.#failuresInARow = succeeded ? 0 : this.#failuresInARow + 1
    this.#averageMs = this.#averageMs === null ? durationMs : this.#averageMs * 0.9 + durationMs * 0.1
  }
}

/** The lanes of a dispatcher: those that hold something, and some of those that did. */
export class Lanes {
  readonly #byWebhook = new Map<string, Lane>()
  readonly #concurrency: number

  /** @param concurrency attempts under way at once per webhook. */
  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  of(delivery: Pick<Claimed, 'webhookId' | 'appId'>): Lane {
    const known = this.#byWebhook.get(delivery.webhookId)
    if (known) return known
    const lane = new Lane(delivery, this.#concurrency)
    this.#byWebhook.set(delivery.webhookId, lane)
    return lane
  }

  /** Room of each lane that has another than a new one; none for those of an app that holds `maxPerApp` already. */
  rooms(maxPerApp: number): Map<string, number> {
    const perApp = new Map<string, number>()
    for (const lane of this.#byWebhook.values()) perApp.set(lane.appId, (perApp.get(lane.appId) ?? 0) + lane.held)
    const rooms = new Map<string, number>()
    for (const lane of this.#byWebhook.values()) {
      rooms.set(lane.webhookId, (perApp.get(lane.appId) ?? 0) >= maxPerApp ? 0 : lane.room)
    }
    return rooms
  }

  /** Forgets a lane that holds nothing, when there are many. */
  release(lane: Lane): void {
    if (lane.held === 0 && this.#byWebhook.size > MAX_REMEMBERED) this.#byWebhook.delete(lane.webhookId)
  }

  /** Takes out of the queues what fits `which`. @returns it. */
  takeQueued(which: (delivery: Claimed) => boolean): Claimed[] {
    return [...this.#byWebhook.values()].flatMap((lane) => {
      const taken = lane.queue.filter(which)
      if (taken.length > 0) lane.queue.splice(0, Infinity, ...lane.queue.filter((delivery) => !which(delivery)))
      return taken
    })
  }
}
