import type { Source } from '../../feed/source.ts'
import type { Answer } from './answer.ts'
import type { LiveQuery } from './live-query.ts'

/** Items that are taken and answered at a time: what one stream holds beside its source's own buffer. */
const BATCH = 32

/** Where a stream's answers go. */
export type Send = (answer: Answer) => Promise<void> | null

/** One subscription of one client, from its source to its connection. Nothing is left of it when it has ended. */
export class LiveStream {
  readonly #source: Source<unknown>
  readonly #query: LiveQuery
  readonly #onSent: (count: number) => void
  readonly #onEnd: (() => void)[] = []
  #ended = false

  /** @param onSent told how many answers of a batch were sent. */
  constructor(source: Source<unknown>, query: LiveQuery, onSent: (count: number) => void) {
    this.#source = source
    this.#query = query
    this.#onSent = onSent
  }

  /** Calls back once when it ends; at once when it has ended. */
  onEnd(callback: () => void): void {
    if (this.#ended) callback()
    else this.#onEnd.push(callback)
  }

  /**
   * Sends what there is to send until it ends. To be called once.
   * @param send sends one answer; a promise asks to wait before the next.
   * @throws the failure that it ended with.
   */
  async run(send: Send): Promise<void> {
    try {
      for (;;) {
        const items = await this.#source.pull(BATCH)
        if (items.length === 0) return
        let sent = 0
        for (const making of items.map((item) => this.#query.answer(this.#source, item))) {
          const answer = making instanceof Promise ? await making : making
          if (!answer || this.#source.ended) continue
          const wait = send(answer)
          sent++
          if (wait) await wait
        }
        this.#onSent(sent)
      }
    } finally {
      this.end()
    }
  }

  /** Ends it, cleanly or with an error for the client. What is already on its way is sent. */
  end(failure: Error | null = null): void {
    this.#source.end(failure)
    if (this.#ended) return
    this.#ended = true
    for (const callback of this.#onEnd) callback()
  }
}
