import { requireScope, type Viewer } from '../access/viewer.ts'
import type { Bus } from '../bus/bus.ts'
import { type Database, isDeadlock, type Sql, sqlState } from '../db/database.ts'
import type { ApiKeyScope } from '../db/generated/prisma/enums.ts'
import { type ScopedTx, scopeTo } from '../db/scoped.ts'
import { type AppendPoint, appendEvents, lockApp } from './append.ts'
import { committedTopic, dueTopic, type StoredEvent } from './topics.ts'
import { type Change, Unit } from './unit.ts'

/**
 * Runs `work` in a transaction in which its app is locked: changes of one app see each other whole, one after the
 * other. What `work` throws rolls it back, and nothing is emitted. It may be run more than once, so it has no effect
 * but through what it is given, and every write is awaited. Whatever changes something says so by `emit` or `audit`.
 */
export type Commit = <T>(viewer: Viewer, scope: ApiKeyScope, work: (change: Change) => Promise<T>) => Promise<T>

/** Changes of an app that wait for its lock are committed together, at most so many at a time. */
const MAX_GROUP = 64
/** One app may have so many changes waiting in a process; more are turned away. */
const MAX_WAITING = 10_000
/**
 * While a group is being committed, a second transaction of its app already waits for the lock, and takes what has come
 * meanwhile. It holds a connection of a pool of 16 for nothing but speed, so no more than this do, of all apps. They
 * can't wait for each other: whoever has a lock has its connection too, and needs no other to end. The embedded
 * database has one connection, and does one thing at a time.
 */
const MAX_AHEAD = { postgres: 4, embedded: 0 }
/** A commit's events travel on the bus up to this size together; bigger ones are read from the log. */
const MAX_MESSAGE_CHARS = 256 * 1024

interface Job {
  viewer: Viewer
  work(change: Change): Promise<unknown>
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** An app with changes that are not yet answered. */
interface Busy {
  queue: Job[]
  /** Groups that have a transaction: one is being committed, another may wait for the lock. */
  groups: number
  /** Whether a transaction is about to take what waits in the queue. */
  awaited: boolean
}

/**
 * @param firstDelayS seconds before the first attempt of a delivery.
 * @param onCommitted told of the events of each transaction.
 */
export function createCommit(
  db: Database,
  bus: Bus,
  firstDelayS: number,
  onCommitted: (events: readonly StoredEvent[]) => void,
): Commit {
  const apps = new Map<string, Busy>()
  let ahead = 0

  function commit<T>(viewer: Viewer, scope: ApiKeyScope, work: (change: Change) => Promise<T>): Promise<T> {
    requireScope(viewer, scope)
    const { appId } = viewer
    return new Promise<T>((resolve, reject) => {
      const app = apps.get(appId) ?? { queue: [], groups: 0, awaited: false }
      if (app.queue.length >= MAX_WAITING) {
        return reject(new Error(`more than ${MAX_WAITING} changes of app ${appId} are waiting`))
      }
      apps.set(appId, app)
      app.queue.push({ viewer, work, resolve: resolve as (value: unknown) => void, reject })
      advance(appId, app)
    })
  }

  /** Begins a transaction for what waits, unless one is about to take it or there are enough. */
  function advance(appId: string, app: Busy): void {
    if (app.queue.length === 0 && app.groups === 0) apps.delete(appId)
    if (app.queue.length === 0 || app.awaited) return
    const isAhead = app.groups > 0
    if (isAhead && (app.groups > 1 || ahead >= MAX_AHEAD[db.setting])) return
    app.awaited = true
    app.groups++
    if (isAhead) ahead++
    const take = () => {
      const group = app.queue.splice(0, MAX_GROUP)
      app.awaited = false
      advance(appId, app)
      return group
    }
    void commitGroup(appId, take).then(() => {
      app.groups--
      if (isAhead) ahead--
      advance(appId, app)
    })
  }

  /**
   * Commits a group and answers its jobs. Never throws.
   * @param take gives the group once the app is locked: until then it gathers.
   */
  async function commitGroup(appId: string, take: () => Job[], attempt = 1): Promise<void> {
    let group: Job[] | undefined
    let ran = false
    let unit: Unit | undefined
    const prisma = scopeTo(db.prisma, appId, (operation) => unit?.beforeQuery(operation))
    try {
      const done = await db.transaction(prisma, async (tx, sql) => {
        const point = await lockApp(sql, appId)
        unit = new Unit(tx as unknown as ScopedTx, sql, point, bus)
        group = take()
        const result = await runGroup(sql, point, unit, group)
        ran = true
        return result
      })
      tell(appId, group as Job[], done)
    } catch (error) {
      // What failed before the lock is no fault of the group. What failed after the last statement may be committed:
      // whoever asked must look, and nothing is run again.
      const jobs = group ?? take()
      const again = group !== undefined && !ran
      if (again && isDeadlock(error) && attempt < 4) return commitGroup(appId, () => jobs, attempt + 1)
      if (again && jobs.length > 1 && !isOutage(error)) {
        // One of the group is at fault: it must fail alone, so each is tried by itself.
        for (const job of jobs) await commitGroup(appId, () => [job])
      } else for (const job of jobs) job.reject(error)
    }
  }

  async function runGroup(sql: Sql, point: AppendPoint, unit: Unit, group: Job[]) {
    const { news, audits, published } = unit
    const outcomes: ({ value: unknown } | { error: unknown })[] = []
    for (const { viewer, work } of group) outcomes.push(await unit.run(viewer, work))
    const added = unit.takeRows()
    if (audits.length === 0 && Object.keys(added).length === 0) return { outcomes, published, events: [] }
    const { events, deliveries } = await appendEvents(sql, point, news, audits, added, firstDelayS)
    if (deliveries > 0) published.push(() => bus.publish(dueTopic, true))
    return { outcomes, published, events }
  }

  /** Tells the world what was committed, and each job what became of it. */
  function tell(appId: string, group: Job[], done: Awaited<ReturnType<typeof runGroup>>): void {
    announce(appId, done.events)
    onCommitted(done.events)
    for (const publish of done.published) publish()
    for (const [index, outcome] of done.outcomes.entries()) {
      if ('value' in outcome) group[index]?.resolve(outcome.value)
      else group[index]?.reject(outcome.error)
    }
  }

  function announce(appId: string, events: StoredEvent[]): void {
    const lastSequence = events.at(-1)?.sequence
    if (lastSequence === undefined) return
    const size = events.reduce((sum, event) => sum + event.body.length, 0)
    bus.publish(committedTopic(appId), { lastSequence, events: size > MAX_MESSAGE_CHARS ? [] : events })
  }

  return commit
}

/** The database itself is in trouble; to try the jobs one by one would only take longer. */
const isOutage = (error: unknown) =>
  /^(08|53|57|58)/.test(sqlState(error) ?? '') || /^P(1\d\d\d|2024|2028)$/.test((error as { code?: string }).code ?? '')
