import type { Sql } from '../db/database.ts'
import type { DeliveriesChanged, DeliveryChange, StoredEvent } from '../events/topics.ts'
import type { DeliveryWatcher } from './delivery-watcher.ts'

/** Of an app's deliveries so many, the newest, are looked at for changes that the bus did not tell of. */
const WINDOW = 1000

const lookSql = (where: string) => `
  SELECT id, "webhookId", status, "attemptCount" FROM "Delivery" WHERE "appId" = $1 ${where}
  ORDER BY id DESC LIMIT ${WINDOW}`
const newestSql = lookSql('')
const ofEventsSql = lookSql('AND "eventId" = ANY($2::text[])')

/** The changes of one app's deliveries in this process: what the bus tells, and what a look into the database finds. */
export class AppDeliveries {
  readonly watchers = new Set<DeliveryWatcher>()
  readonly close: () => void
  readonly #sql: Sql
  readonly #appId: string
  /** The state of each of the newest deliveries, as it was last told. */
  #known = new Map<string, string>()
  /** Whether there was a look that found out what is no news. */
  #begun = false
  /** Those that the bus told of while a look was under way: what it finds of them may be older. */
  #toldMeanwhile = new Set<string>()
  #changes = 0
  #looking: Promise<void> | null = null
  #wanted: 'newest' | string[] | null = 'newest'

  /** @param close called when it is no longer needed. */
  constructor(sql: Sql, appId: string, close: () => void) {
    this.#sql = sql
    this.#appId = appId
    this.close = close
  }

  /** Takes what the bus says of changes. */
  onChanged({ changes, more }: DeliveriesChanged): void {
    for (const change of changes) {
      if (this.#looking) this.#toldMeanwhile.add(change.id)
      this.#tell(change)
    }
    if (more) void this.look()
  }

  /** Takes what the bus says of new events, whose deliveries were made with them. None given: too big to be told. */
  onCommitted(events: readonly StoredEvent[]): void {
    const wanted = this.#wanted
    if (wanted === 'newest' || events.length === 0) return void this.look()
    const eventIds = [...(wanted ?? []), ...events.map(({ id }) => id)]
    void this.look(eventIds.length > WINDOW ? 'newest' : eventIds)
  }

  /**
   * Looks for what changed since the last look. Looks that are asked for while one is under way follow it as one.
   * @throws never: what fails is found by a later look.
   */
  async look(wanted: 'newest' | string[] = 'newest'): Promise<void> {
    this.#wanted = wanted
    this.#looking ??= this.#lookOn()
    await this.#looking
  }

  async #lookOn(): Promise<void> {
    for (;;) {
      const wanted = this.#wanted
      if (!wanted) break
      this.#wanted = null
      this.#toldMeanwhile.clear()
      await this.#lookAt(wanted).catch(() => {})
    }
    this.#looking = null
  }

  async #lookAt(wanted: 'newest' | string[]): Promise<void> {
    const newest = wanted === 'newest' || !this.#begun
    const rows = await this.#sql.query<DeliveryChange>(
      newest ? newestSql : ofEventsSql,
      newest ? [this.#appId] : [this.#appId, wanted],
    )
    const before = this.#known
    // What is older than all that was known came into the window because others left it; it did not change.
    const oldest = before.size < WINDOW ? '' : ([...before.keys()].sort()[0] as string)
    if (newest) this.#known = new Map()
    for (const row of rows.reverse()) {
      const known = before.get(row.id)
      const isNews = known === undefined ? row.id > oldest : known !== stateOf(row)
      if (this.#begun && isNews && !this.#toldMeanwhile.has(row.id)) this.#tell(row)
      else this.#known.set(row.id, known ?? stateOf(row))
    }
    this.#begun = true
  }

  #tell(change: DeliveryChange): void {
    this.#known.set(change.id, stateOf(change))
    if (this.#known.size > 2 * WINDOW) this.#known.delete(this.#known.keys().next().value as string)
    this.#changes++
    for (const watcher of this.watchers) watcher.offer(change, this.#changes)
  }
}

const stateOf = ({ status, attemptCount }: DeliveryChange) => `${status} ${attemptCount}`
