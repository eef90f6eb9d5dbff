/** One answer of a subscription in the forms in which it is sent: made once for all who are sent it. */
export class Answer {
  /** The result, as JSON. */
  readonly json: string
  readonly #cursor: string | null
  #event: Buffer | null = null

  /** @param cursor the id under which a browser resumes, if there is one. */
  constructor(json: string, cursor: string | null) {
    this.json = json
    this.#cursor = cursor
  }

  /** As a server-sent event. */
  get event(): Buffer {
    const id = this.#cursor === null ? '' : `id: ${this.#cursor}\n`
    this.#event ??= Buffer.from(`event: next\n${id}data: ${this.json}\n\n`)
    return this.#event
  }
}

/** The JSON of all answers that are kept, in characters: what bounds the memory that they take, to about thrice. */
const MAX_CHARS = 8 * 1024 * 1024
/** An answer is given to others for so long. What it says of things that change is no older. */
const MAX_AGE_MS = 2000

type Making = Answer | null | Promise<Answer | null>
interface Entry {
  answer: Making
  madeAt: number
  chars: number
}

/** The newest answers of the process, for whoever asks the same. */
export class Answers {
  readonly #entries = new Map<string, Entry>()
  #chars = 0
  #forgetting: NodeJS.Timeout | undefined

  /** The answer under `key`, made by `make` where there is none. `make` never fails. */
  get(key: string, make: () => Making): Making {
    const now = performance.now()
    const known = this.#entries.get(key)
    if (known && now - known.madeAt < MAX_AGE_MS) return known.answer
    if (known) this.#remove(key, known)
    const entry: Entry = { answer: make(), madeAt: now, chars: 0 }
    this.#entries.set(key, entry)
    if (entry.answer instanceof Promise) {
      void entry.answer.then((answer) => {
        entry.answer = answer
        if (this.#entries.get(key) === entry) this.#count(entry)
      })
    } else this.#count(entry)
    return entry.answer
  }

  #count(entry: Entry): void {
    entry.chars = entry.answer instanceof Answer ? entry.answer.json.length : 0
    this.#chars += entry.chars
    this.#forget()
    this.#forgetting ??= setInterval(() => this.#forget(), MAX_AGE_MS).unref()
  }

  /** Lets go of what is too old or too much. */
  #forget(): void {
    const now = performance.now()
    for (const [key, oldest] of this.#entries) {
      if (this.#chars <= MAX_CHARS && now - oldest.madeAt < MAX_AGE_MS) return
      this.#remove(key, oldest)
    }
    clearInterval(this.#forgetting)
    this.#forgetting = undefined
  }

  #remove(key: string, { chars }: Entry): void {
    this.#entries.delete(key)
    this.#chars -= chars
  }
}
