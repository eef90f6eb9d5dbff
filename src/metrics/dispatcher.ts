import { AttemptOutcome, DeactivationReason, DeliveryStatus } from '../db/generated/prisma/enums.ts'
import { counter, gauge, histogram, type Metrics } from './registry.ts'

/** What a dispatcher tells of itself. */
export type DispatcherMetrics = ReturnType<typeof createDispatcherMetrics>

const ATTEMPT_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30]
const DELAY_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]
const STATEMENT_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

const lower = <T extends string>(value: T) => value.toLowerCase() as Lowercase<T>

export function createDispatcherMetrics(metrics: Metrics) {
  const attempts = counter(metrics, 'herald_delivery_attempts_total', 'Attempts that ended, by outcome.', ['outcome'])
  const attemptSeconds = histogram(
    metrics,
    'herald_delivery_attempt_duration_seconds',
    'How long an attempt took, the body of the answer included.',
    ATTEMPT_S,
    ['outcome'],
  )
  const delays = histogram(
    metrics,
    'herald_delivery_delay_seconds',
    "From an event's commit to the first attempt of a delivery of it.",
    DELAY_S,
  )
  const ended = counter(
    metrics,
    'herald_deliveries_ended_total',
    'Deliveries that ended with an attempt; failed: there is no further one.',
    ['status'],
  )
  const leasesLost = counter(
    metrics,
    'herald_leases_lost_total',
    'Attempts that ended after their lease was lost: another dispatcher has made them too.',
  )
  const claims = histogram(metrics, 'herald_claim_duration_seconds', 'How long a claim took.', STATEMENT_S)
  const settlements = histogram(
    metrics,
    'herald_settle_duration_seconds',
    'How long it took to write a batch of attempts down.',
    STATEMENT_S,
  )
  const deactivated = counter(
    metrics,
    'herald_webhooks_deactivated_total',
    'Webhooks that Herald deactivated by itself.',
    ['reason'],
  )

  for (const outcome of Object.values(AttemptOutcome).map(lower)) {
    attempts.inc({ outcome }, 0)
    attemptSeconds.zero({ outcome })
  }
  for (const status of Object.values(DeliveryStatus)) {
    if (status !== 'PENDING') ended.inc({ status: lower(status) }, 0)
  }
  for (const reason of Object.values(DeactivationReason)) {
    if (reason !== 'MANUAL') deactivated.inc({ reason: lower(reason) }, 0)
  }

  return {
    /** @param delayMs since the event was committed; only of a first attempt. */
    attempted(outcome: AttemptOutcome, durationMs: number, delayMs: number | null): void {
      attempts.inc({ outcome: lower(outcome) })
      attemptSeconds.observe({ outcome: lower(outcome) }, durationMs / 1000)
      // The clocks of the database and of this process may differ.
      if (delayMs !== null) delays.observe(Math.max(0, delayMs) / 1000)
    },
    /** @param status of the delivery now; null: its lease was lost. */
    settled(status: DeliveryStatus | null): void {
      if (status === null) leasesLost.inc()
      else if (status !== 'PENDING') ended.inc({ status: lower(status) })
    },
    /** @returns what is to be called when the claim is through. */
    claiming: (): (() => void) => claims.startTimer(),
    /** @returns what is to be called when the batch is written down. */
    settling: (): (() => void) => settlements.startTimer(),
    deactivated: (reason: DeactivationReason): void => deactivated.inc({ reason: lower(reason) }),
    /** @param read what the dispatcher has in memory, and of it under way. */
    watch(read: () => { held: number; underWay: number }): void {
      gauge(metrics, 'herald_deliveries_held', 'Deliveries in memory, under lease.', [], (held) => {
        held.set(read().held)
      })
      gauge(metrics, 'herald_delivery_attempts_under_way', 'Attempts under way.', [], (underWay) => {
        underWay.set(read().underWay)
      })
    },
  }
}
