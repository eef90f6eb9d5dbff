import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '../bus/bus.ts'
import { isDeadlock, type Sql, sqlState } from '../db/database.ts'
import type { DeactivationReason } from '../db/generated/prisma/enums.ts'
import { deliveriesChanged, deliveriesTopic } from '../events/topics.ts'
import type { Logger } from '../log.ts'
import type { DispatcherMetrics } from '../metrics/dispatcher.ts'
import { createSignal } from '../signal.ts'
import type { Claimed } from './claim.ts'
import { type Settled, type Settlement, settle } from './settle.ts'

/** Attempts that are written down in one statement. */
const MAX_BATCH = 256
/** How long results are gathered: nobody waits for them, and fewer statements are cheaper. */
const GATHER_MS = 10
/** After an error of the database. What was not written down is kept and tried again. */
const BACKOFF_MS = 1000

/** Writes results down in batches, in the background. */
export interface Settler {
  add(settlement: Settlement): void
  /** Resolves when everything is written down, or after one failed try: what is left is then another's, by its lease. */
  stop(): Promise<void>
}

/**
 * @param onSettled told of each batch that is through, whether or not the leases still held.
 * @param onHopeless told of a webhook that is to be deactivated.
 */
export function startSettler(deps: {
  sql: Sql
  bus: Bus
  log: Logger
  metrics: DispatcherMetrics
  onSettled(batch: readonly Claimed[]): void
  onHopeless(delivery: Claimed, reason: DeactivationReason): void
}): Settler {
  const { sql, bus, log, metrics } = deps
  const signal = createSignal()
  let waiting: Settlement[] = []
  let stopping = false
  const running = run()

  async function run(): Promise<void> {
    for (;;) {
      if (waiting.length === 0) {
        if (stopping) return
        await signal.wait(60_000)
        if (!stopping && waiting.length < MAX_BATCH) await sleep(GATHER_MS)
        continue
      }
      const batch = waiting.slice(0, MAX_BATCH)
      try {
        const noteEnd = metrics.settling()
        const kept = await writeDown(batch)
        noteEnd()
        waiting = waiting.slice(batch.length)
        for (const { delivery, result, verdict } of batch) {
          const settled = kept.get(delivery)
          metrics.settled(settled?.status ?? null)
          if (!settled) {
            log.warn({ delivery: delivery.id, outcome: result.outcome }, 'an attempt ended after its lease was lost')
          } else if (result.responseStatus === 410) deps.onHopeless(delivery, 'ENDPOINT_GONE')
          else if (verdict.status === 'FAILED' && settled.failing) deps.onHopeless(delivery, 'FAILING')
        }
        announce(bus, batch, kept)
        deps.onSettled(batch.map(({ delivery }) => delivery))
      } catch (error) {
        if (isDeadlock(error)) continue
        log.error({ err: error, attempts: waiting.length }, 'attempts were not written down')
        if (stopping) return
        await sleep(BACKOFF_MS)
      }
    }
  }

  /** One row that the database does not take must not hold up the others: it is dropped, and its lease runs out. */
  async function writeDown(batch: readonly Settlement[]): Promise<Map<Claimed, Settled>> {
    try {
      return await settle(sql, batch)
    } catch (error) {
      if (!/^2[23]/.test(sqlState(error) ?? '')) throw error
      if (batch.length === 1) {
        log.error({ err: error, delivery: batch[0]?.delivery.id }, 'an attempt cannot be written down')
        return new Map()
      }
      const kept = new Map<Claimed, Settled>()
      for (const one of batch) for (const [delivery, settled] of await writeDown([one])) kept.set(delivery, settled)
      return kept
    }
  }

  return {
    add(settlement) {
      waiting.push(settlement)
      if (waiting.length === 1) signal.set()
    },
    async stop() {
      stopping = true
      signal.set()
      await running
    },
  }
}

/** Tells the watchers: one message per app. */
function announce(bus: Bus, batch: readonly Settlement[], kept: ReadonlyMap<Claimed, Settled>): void {
  for (const [appId, settled] of Map.groupBy(batch, ({ delivery }) => delivery.appId)) {
    const changes = settled.flatMap(({ delivery }) => {
      const { id, webhookId, attempt } = delivery
      const status = kept.get(delivery)?.status
      return status ? [{ id, webhookId, status, attemptCount: attempt }] : []
    })
    bus.publish(deliveriesTopic(appId), deliveriesChanged(changes))
  }
}
