/**
 * Typed topics between processes. A hint and a mirror, never the truth: a message may be lost, and whoever listens
 * also looks into the database from time to time. Nobody awaits a publish for correctness.
 */
export interface Bus extends AsyncDisposable {
  /** Sends to every process that listens. Never throws and never waits for a broken connection. */
  publish<T>(topic: Topic<T>, message: T): void
  /**
   * Listens until the returned function is called. Resolves when the subscription is in force, or at once when the
   * bus is down: it then takes force as soon as the bus is back.
   */
  subscribe<T>(topic: Topic<T>, listener: (message: T) => void): Promise<() => void>
  /** Called after the connection was lost and is back: messages may have been missed. */
  onReconnect(listener: () => void): () => void
  /** Whether messages are sent and heard just now. */
  connected(): boolean
  /** What the bus runs on, for the line that is printed at start. */
  readonly kind: 'redis' | 'in-process'
}

/** A channel's name and how to tell a message of ours from garbage. */
export interface Topic<T> {
  readonly channel: string
  /** The message, or null for anything that is none. */
  parse(value: unknown): T | null
}

/** The local half of every bus: who listens to which channel. */
export class Listeners {
  readonly #byChannel = new Map<string, Set<(message: unknown) => void>>()

  /** The channels that someone listens to. */
  channels(): string[] {
    return [...this.#byChannel.keys()]
  }

  /** @returns true when it is the channel's first listener. */
  add(channel: string, listener: (message: unknown) => void): boolean {
    const set = this.#byChannel.get(channel)
    if (set) set.add(listener)
    else this.#byChannel.set(channel, new Set([listener]))
    return !set
  }

  /** @returns true when it was the channel's last listener. */
  remove(channel: string, listener: (message: unknown) => void): boolean {
    const set = this.#byChannel.get(channel)
    if (!set?.delete(listener) || set.size > 0) return false
    return this.#byChannel.delete(channel)
  }

  emit(channel: string, message: unknown): void {
    for (const listener of this.#byChannel.get(channel) ?? []) listener(message)
  }
}

/** Listens with `listener` to what the topic's `parse` accepts. */
export const accepting =
  <T>(topic: Topic<T>, listener: (message: T) => void) =>
  (value: unknown): void => {
    const message = topic.parse(value)
    if (message !== null) listener(message)
  }
