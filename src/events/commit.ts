import { requireScope, type Viewer } from '../access/viewer.ts'
import type { Bus, Topic } from '../bus/bus.ts'
import type { Database } from '../db/database.ts'
import { sqlState } from '../db/database.ts'
import type { ApiKeyScope } from '../db/generated/prisma/enums.ts'
import { type ScopedTx, scopeTo } from '../db/scoped.ts'
import { appendEvents, lockApp, type NewAudit, type NewEvent } from './append.ts'
import { eventName } from './catalogue.ts'
import { committedTopic, dueTopic, type StoredEvent } from './topics.ts'

/** What a change is given: a transaction that sees its app alone, and the app's lock. */
export interface Change {
  readonly tx: ScopedTx
  /** When the change is committed to, by the database's clock. */
  readonly at: Date
  /** Tells of what was changed; told to the world when the transaction commits, and only then. Is audited by itself. */
  emit(event: NewEvent): void
  /** Publishes on the bus when the transaction commits, and only then. */
  publish<T>(topic: Topic<T>, message: T): void
  /** Writes a change that emits no event into the audit log. */
  audit(entry: Pick<NewAudit, 'action' | 'targetId' | 'changed'>): void
}

/**
 * Runs `work` in a transaction in which its app is locked: changes of one app see each other whole, one after the
 * other. What `work` throws rolls it back, and nothing is emitted. It may be run more than once, so it has no effect
 * but through what it is given. Whatever changes something says so by `emit` or `audit`.
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

/** @param firstDelayS seconds before the first attempt of a delivery. */
export function createCommit(db: Database, bus: Bus, firstDelayS: number): Commit {
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
    const prisma = scopeTo(db.prisma, appId)
    while (queue.length > 0) {
      const group = queue.splice(0, MAX_GROUP)
      const failed = await commitGroup(group)
      if (failed === null) continue
      // One of the group is at fault: it must fail alone, so each is tried by itself.
      for (const job of failed) await commitGroup([job])
    }
    waiting.delete(appId)

    /** @returns the jobs to be tried one by one, or null when each job has its answer. */
    async function commitGroup(group: Job[], attempt = 1): Promise<Job[] | null> {
      try {
        const { values, published, events } = await prisma.$transaction(
          async (tx) => {
            const point = await lockApp(tx, appId)
            const news: NewEvent[] = []
            const published: (() => void)[] = []
            const publish: Change['publish'] = (topic, message) =>
              void published.push(() => bus.publish(topic, message))
            const audits: NewAudit[] = []
            const values: unknown[] = []
            for (const { viewer, work } of group) {
              const audit: Change['audit'] = (entry) =>
                void audits.push({ ...entry, keyId: viewer.keyId, ip: viewer.ip })
              const emit = (event: NewEvent) => {
                news.push(event)
                audit({ action: eventName(event.type), targetId: event.entityId, changed: event.changed })
              }
              values.push(await work({ tx: tx as unknown as ScopedTx, at: point.at, emit, audit, publish }))
            }
            if (audits.length === 0) return { values, published, events: [] }
            const { events, deliveries } = await appendEvents(tx, point, news, audits, firstDelayS)
            if (deliveries > 0) publish(dueTopic, true)
            return { values, published, events }
          },
          { maxWait: 10_000, timeout: 30_000 },
        )
        announce(appId, events)
        for (const publish of published) publish()
        group.forEach((job, index) => void job.resolve(values[index]))
        return null
      } catch (error) {
        if (isDeadlock(error) && attempt < 4) return commitGroup(group, attempt + 1)
        if (group.length > 1 && !isOutage(error)) return group
        for (const job of group) job.reject(error)
        return null
      }
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
