import { setImmediate } from 'node:timers/promises'
import { requireScope, type Viewer } from '../access/viewer.ts'
import type { Bus } from '../bus/bus.ts'
import { type Database, sqlState, type Tx } from '../db/database.ts'
import type { ApiKeyScope } from '../db/generated/prisma/enums.ts'
import { type ScopedTx, scopeTo } from '../db/scoped.ts'
import { appendEvents, lockApp } from './append.ts'
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
/** A commit's events travel on the bus up to this size together; bigger ones are read from the log. */
const MAX_MESSAGE_CHARS = 256 * 1024

interface Job {
  viewer: Viewer
  work(change: Change): Promise<unknown>
  resolve(value: unknown): void
  reject(error: unknown): void
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
  const waiting = new Map<string, Job[]>()

  function commit<T>(viewer: Viewer, scope: ApiKeyScope, work: (change: Change) => Promise<T>): Promise<T> {
    requireScope(viewer, scope)
    return new Promise<T>((resolve, reject) => {
      const job: Job = { viewer, work, resolve: resolve as (value: unknown) => void, reject }
      const queue = waiting.get(viewer.appId)
      if (!queue) {
        waiting.set(viewer.appId, [job])
        void drain(viewer.appId)
      } else if (queue.length < MAX_WAITING) queue.push(job)
      else reject(new Error(`more than ${MAX_WAITING} changes of app ${viewer.appId} are waiting`))
    })
  }

  /** Commits what waits, group after group. While one group is under way the next one gathers. */
  async function drain(appId: string): Promise<void> {
    const queue = waiting.get(appId) ?? []
    let unit: Unit | null = null
    const prisma = scopeTo(db.prisma, appId, (operation) => unit?.beforeQuery(operation))
    while (queue.length > 0) {
      // What has arrived already comes along: a turn costs nothing beside a transaction.
      await setImmediate()
      const group = queue.splice(0, MAX_GROUP)
      const failed = await commitGroup(group)
      if (failed === null) continue
      // One of the group is at fault: it must fail alone, so each is tried by itself.
      for (const job of failed) await commitGroup([job])
    }
    waiting.delete(appId)

    /** @returns the jobs to be tried one by one, or null when each job has its answer. */
    async function commitGroup(group: Job[], attempt = 1): Promise<Job[] | null> {
      let ran = false
      try {
        const done = await prisma.$transaction(
          async (tx) => {
            const result = await runGroup(tx, group)
            ran = true
            return result
          },
          { maxWait: 10_000, timeout: 30_000 },
        )
        tell(group, done)
        return null
      } catch (error) {
        // What failed after the last statement may be committed: whoever asked must look, and nothing is run again.
        if (!ran && isDeadlock(error) && attempt < 4) return commitGroup(group, attempt + 1)
        if (!ran && group.length > 1 && !isOutage(error)) return group
        for (const job of group) job.reject(error)
        return null
      }
    }

    /** Tells the world what was committed, and each job what became of it. */
    function tell(group: Job[], { outcomes, published, events }: Awaited<ReturnType<typeof runGroup>>): void {
      announce(appId, events)
      onCommitted(events)
      for (const publish of published) publish()
      for (const [index, outcome] of outcomes.entries()) {
        if ('value' in outcome) group[index]?.resolve(outcome.value)
        else group[index]?.reject(outcome.error)
      }
    }

    async function runGroup(tx: Tx, group: Job[]) {
      unit = null
      const point = await lockApp(tx, appId)
      unit = new Unit(tx as Tx & ScopedTx, point, bus)
      const { news, audits, published } = unit
      const outcomes: ({ value: unknown } | { error: unknown })[] = []
      for (const { viewer, work } of group) outcomes.push(await unit.run(viewer, work))
      await unit.flush()
      if (audits.length === 0) return { outcomes, published, events: [] }
      const { events, deliveries } = await appendEvents(tx, point, news, audits, firstDelayS)
      if (deliveries > 0) published.push(() => bus.publish(dueTopic, true))
      return { outcomes, published, events }
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

const isDeadlock = (error: unknown) =>
  ['40001', '40P01'].includes(sqlState(error) ?? '') || (error as { code?: string }).code === 'P2034'

/** The database itself is in trouble; to try the jobs one by one would only take longer. */
const isOutage = (error: unknown) =>
  /^(08|53|57|58)/.test(sqlState(error) ?? '') || /^P(1\d\d\d|2024|2028)$/.test((error as { code?: string }).code ?? '')
