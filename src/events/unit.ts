import type { Viewer } from '../access/viewer.ts'
import type { Bus, Topic } from '../bus/bus.ts'
import { type Sql, sqlState } from '../db/database.ts'
import type { ScopedTx } from '../db/scoped.ts'
import type { AppendPoint, NewAudit, NewEvent } from './append.ts'
import { eventName } from './catalogue.ts'
import { type Added, insertSql, type Rows, rowNames } from './rows.ts'

/** What a change is given: a transaction that sees its app alone, and the app's lock. */
export interface Change {
  readonly tx: ScopedTx
  /** When the change is committed to, by the database's clock. */
  readonly at: Date
  /** Adds a row that is whole as it is. Written before the next query of this transaction, with others of its table. */
  insert<T extends keyof Rows>(table: T, row: Rows[T]): void
  /** Tells of what was changed; told to the world when the transaction commits, and only then. Is audited by itself. */
  emit(event: NewEvent): void
  /** Publishes on the bus when the transaction commits, and only then. */
  publish<T>(topic: Topic<T>, message: T): void
  /** Writes a change that emits no event into the audit log. */
  audit(entry: Pick<NewAudit, 'action' | 'targetId' | 'changed'>): void
}

const flushSql = Object.fromEntries(rowNames.map((name) => [name, insertSql(name, '$1::jsonb')])) as Record<
  keyof Rows,
  string
>

/** The lists that changes add to, and how long they were. */
type Marks = Map<unknown[], number>

const reads = new Set(['findUnique', 'findUniqueOrThrow', 'findFirst', 'findFirstOrThrow', 'findMany', 'count'])

/** One transaction for the changes of a group: what they add is gathered, and what fails unheard is taken back alone. */
export class Unit {
  readonly news: NewEvent[] = []
  readonly audits: NewAudit[] = []
  readonly published: (() => void)[] = []
  readonly #rows: { [T in keyof Rows]: Rows[T][] } = {
    agent: [],
    agentContext: [],
    context: [],
    contextFile: [],
    document: [],
  }
  readonly #tx: ScopedTx
  readonly #sql: Sql
  readonly #point: AppendPoint
  readonly #bus: Bus
  /** Where the running change began; rows that were written meanwhile are gone from their lists. */
  #marks: Marks = new Map()
  #added = false
  #wrote = false

  /** @param sql of the same transaction. Changes get none, for nobody scopes it. */
  constructor(tx: ScopedTx, sql: Sql, point: AppendPoint, bus: Bus) {
    this.#tx = tx
    this.#sql = sql
    this.#point = point
    this.#bus = bus
  }

  /** To be called before each query of the transaction: it must see the rows that were added. */
  async beforeQuery(operation: string): Promise<void> {
    // What it added itself is written by now, and can only be taken back with all.
    if (!reads.has(operation) || this.#added) this.#wrote = true
    await this.#flush()
  }

  /** Writes the added rows, one statement a table. */
  async #flush(): Promise<void> {
    for (const [name, rows] of Object.entries(this.takeRows())) {
      await this.#sql.query(flushSql[name as keyof Rows], [JSON.stringify(rows)])
    }
  }

  /** Hands out the added rows of each table that has some; whoever takes them writes them, in the order of the tables. */
  takeRows(): Added {
    const { appId } = this.#point
    const taken: Added = {}
    for (const name of rowNames) {
      const rows = this.#rows[name]
      if (rows.length === 0) continue
      this.#marks.set(rows, 0)
      // Raw statements are scoped by nobody: here they are. A column that a table lacks is passed over.
      taken[name] = rows.splice(0).map((row) => ({ ...row, appId }))
    }
    return taken
  }

  /**
   * Runs one change. @returns its value or, where it failed before it had written anything, its error.
   * @throws its error where the transaction can't go on: written rows are taken back by a rollback alone.
   */
  async run<T>(viewer: Viewer, work: (change: Change) => Promise<T>): Promise<{ value: T } | { error: unknown }> {
    this.#marks = new Map(this.#lists().map((list) => [list, list.length]))
    this.#added = this.#wrote = false
    try {
      return { value: await work(this.#changeFor(viewer)) }
    } catch (error) {
      if (this.#wrote || isOfDatabase(error)) throw error
      for (const [list, length] of this.#marks) list.splice(length)
      return { error }
    }
  }

  #lists(): unknown[][] {
    return [this.news, this.audits, this.published, ...Object.values(this.#rows)]
  }

  #changeFor(viewer: Viewer): Change {
    const audit: Change['audit'] = (entry) => void this.audits.push({ ...entry, keyId: viewer.keyId, ip: viewer.ip })
    return {
      tx: this.#tx,
      at: this.#point.at,
      audit,
      insert: (table, row) => {
        this.#added = true
        this.#rows[table].push(row)
      },
      emit: (event) => {
        this.news.push(event)
        audit({ action: eventName(event.type), targetId: event.entityId, changed: event.changed })
      },
      publish: (topic, message) => void this.published.push(() => this.#bus.publish(topic, message)),
    }
  }
}

/** After an error of the database the transaction is over. */
const isOfDatabase = (error: unknown) =>
  sqlState(error) !== undefined || (error instanceof Error && error.constructor.name.startsWith('PrismaClient'))
