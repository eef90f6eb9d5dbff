/**
 * What one subscription gives its client, taken at the client's pace. Whoever subscribed ends it, by `end` or
 * `return`, whatever happens: it holds a place in its app's room until then.
 */
export abstract class Source<Item> implements AsyncIterableIterator<Item> {
  #ended = false
  #failure: Error | null = null
  #wake: (() => void) | null = null
  readonly #onEnd: () => void

  /** @param onEnd called once. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** Up to `max` items that are at hand; none when there are none, or it has ended. */
  abstract take(max: number): Item[]

  /** What tells an item, as it is to be answered now, from all others of the app. */
  abstract keyOf(item: Item): string

  /** The cursor from which a client goes on behind an item; null where there is no going on. */
  abstract cursorOf(item: Item): string | null

  /** Waits until something is at hand or it has ended. The rest is a subclass's: how it comes by more. */
  protected async fetch(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = null
  }

  get ended(): boolean {
    return this.#ended
  }

  /**
   * Up to `max` items, waited for; none when it has ended. One call at a time.
   * @throws the failure that it was ended with.
   */
  async pull(max: number): Promise<Item[]> {
    while (!this.#ended) {
      const items = this.take(max)
      if (items.length > 0) return items
      await this.fetch()
    }
    if (this.#failure) throw this.#failure
    return []
  }

  /** Something is at hand. */
  protected wake(): void {
    this.#wake?.()
  }

  /** Ends the stream: cleanly, or with an error for the client. What it was not yet given it is not given. */
  end(failure: Error | null = null): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    this.#onEnd()
    this.wake()
  }

  async next(): Promise<IteratorResult<Item>> {
    const [value] = await this.pull(1)
    return value === undefined ? { value, done: true } : { value, done: false }
  }

  async return(): Promise<IteratorResult<Item>> {
    this.end()
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
