import type { DeliveryChange } from '../events/topics.ts'
import { Source } from './source.ts'

/** Deliveries that wait for one watcher. Beyond it those that changed longest ago are let go. */
const MAX_WAITING = 1000

/** A delivery whose newest state its watcher has not been given. */
export interface ChangedDelivery {
  id: string
  /** Grows with each change: what was read for one is new enough for it and all before. */
  change: number
}

/** The deliveries that changed for one subscription, each once: it is read when it is handed out, as it then is. */
export class DeliveryWatcher extends Source<ChangedDelivery> {
  /** The newest change of each, that which changed last at the end. */
  readonly #waiting = new Map<string, number>()
  readonly #webhookId: string | null

  /** @param webhookId null: of any webhook. */
  constructor(webhookId: string | null, onEnd: () => void) {
    super(onEnd)
    this.#webhookId = webhookId
  }

  /** Takes note of a change, if it is watched. */
  offer({ id, webhookId }: DeliveryChange, change: number): void {
    if (this.ended || (this.#webhookId !== null && webhookId !== this.#webhookId)) return
    this.#waiting.delete(id)
    this.#waiting.set(id, change)
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value as string)
    this.wake()
  }

  override take(max: number): ChangedDelivery[] {
    if (this.ended) return []
    const taken = [...this.#waiting.entries().take(max)].map(([id, change]) => ({ id, change }))
    for (const { id } of taken) this.#waiting.delete(id)
    return taken
  }

  override keyOf({ id, change }: ChangedDelivery): string {
    return `${id} ${change}`
  }

  override cursorOf(): null {
    return null
  }
}
