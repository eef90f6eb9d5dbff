/** What is kept open for an app in this process. */
interface Room {
  close(): void
}

interface Entry<T> {
  /** Those who are in it, and those who are about to be. */
  users: number
  room: T | null
  ready: Promise<T>
}

/** One room for each app, opened for the first who enters and closed behind the last. */
export class PerApp<T extends Room> {
  readonly #open: (appId: string) => Promise<T>
  readonly #entries = new Map<string, Entry<T>>()

  constructor(open: (appId: string) => Promise<T>) {
    this.#open = open
  }

  /** The rooms that are open, with the ids of their apps. */
  *open(): Generator<[string, T]> {
    for (const [appId, { room }] of this.#entries) if (room) yield [appId, room]
  }

  /** @returns the app's room, and what is to be called once by whoever leaves it. @throws what `open` throws. */
  async enter(appId: string): Promise<{ room: T; leave(): void }> {
    const entry = this.#entries.get(appId) ?? { users: 0, room: null, ready: this.#open(appId) }
    this.#entries.set(appId, entry)
    entry.users++
    const leave = () => {
      entry.users--
      if (entry.users > 0) return
      if (this.#entries.get(appId) === entry) this.#entries.delete(appId)
      entry.room?.close()
    }
    try {
      entry.room = await entry.ready
      return { room: entry.room, leave }
    } catch (error) {
      leave()
      throw error
    }
  }
}
