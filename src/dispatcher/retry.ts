import type { DeliveryPolicy } from '../db/generated/prisma/enums.ts'
import type { AttemptResult } from './attempt.ts'

/** A scheduled delay is spread by ±20 %, so that what failed together does not come back together. */
const JITTER = 0.2
/** An endpoint that asks for patience gets at most twice the scheduled delay. */
const MAX_PATIENCE = 2

/** What becomes of a delivery after an attempt. */
export type Verdict = { status: 'SUCCEEDED' | 'FAILED' } | { status: 'PENDING'; delayS: number }

/**
 * Decides by the policy and the schedule.
 * @param number of the attempt that was made, from 1, counted from where the schedule (last) began.
 * @param schedule seconds before each attempt. @param random in [0, 1).
 */
export function judge(
  result: Pick<AttemptResult, 'outcome' | 'responseStatus' | 'responseHeaders'>,
  number: number,
  policy: DeliveryPolicy,
  schedule: readonly number[],
  now = Date.now(),
  random = Math.random(),
): Verdict {
  if (result.outcome === 'DELIVERED') return { status: 'SUCCEEDED' }
  const scheduledS = schedule[number]
  if (policy === 'ONCE' || result.responseStatus === 410 || scheduledS === undefined) return { status: 'FAILED' }
  const jittered = scheduledS * (1 - JITTER + 2 * JITTER * random)
  const asked = [429, 503].includes(result.responseStatus ?? 0)
    ? retryAfterS(result.responseHeaders?.['retry-after'], now)
    : null
  if (asked === null) return { status: 'PENDING', delayS: jittered }
  return { status: 'PENDING', delayS: Math.min(Math.max(asked, jittered), scheduledS * MAX_PATIENCE) }
}

/** A Retry-After header in seconds from `now`: whole seconds or an HTTP date; null for anything else. */
export function retryAfterS(header: string | string[] | undefined, now: number): number | null {
  if (typeof header !== 'string') return null
  const value = header.trim()
  if (/^\d{1,10}$/.test(value)) return Number(value)
  if (!/^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(value)) return null
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, (at - now) / 1000)
}
