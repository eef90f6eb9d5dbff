import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge, retryAfterS } from '../../src/dispatcher/retry.ts'

const schedule = [0, 5, 300, 1800]
const failed = { outcome: 'REJECTED', responseStatus: 500, responseHeaders: {} } as const
const NOW = Date.parse('2026-11-24T05:00:00Z')

describe('the verdict on an attempt', () => {
  it('spreads each delay of the schedule by at most 20 %, and ends behind the last one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, random) => {
          const verdict = judge(failed, n, 'RETRY', schedule, NOW, random)
          const delay = schedule[n] as number
          expect(verdict).toMatchObject({ status: 'PENDING' })
          expect((verdict as { delayS: number }).delayS).toBeGreaterThanOrEqual(delay * 0.8 - 1e-6)
          expect((verdict as { delayS: number }).delayS).toBeLessThanOrEqual(delay * 1.2 + 1e-6)
        },
      ),
    )
    expect(judge(failed, 4, 'RETRY', schedule)).toEqual({ status: 'FAILED' })
  })

  it('never retries with ONCE, after 410, or after a success', () => {
    expect(judge(failed, 1, 'ONCE', schedule)).toEqual({ status: 'FAILED' })
    expect(judge({ ...failed, responseStatus: 410 }, 1, 'RETRY', schedule)).toEqual({ status: 'FAILED' })
    expect(judge({ ...failed, outcome: 'DELIVERED', responseStatus: 204 }, 1, 'RETRY', schedule)).toEqual({
      status: 'SUCCEEDED',
    })
  })

  it('lets 429 and 503 push the next attempt back to at most twice its delay, and no other status', () => {
    const asked = (responseStatus: number, after: string) =>
      judge({ ...failed, responseStatus, responseHeaders: { 'retry-after': after } }, 2, 'RETRY', schedule, NOW, 0.5)
    expect(asked(429, '400')).toEqual({ status: 'PENDING', delayS: 400 })
    expect(asked(503, '99999')).toEqual({ status: 'PENDING', delayS: 600 })
    expect(asked(503, '1')).toEqual({ status: 'PENDING', delayS: 300 })
    expect(asked(500, '400')).toEqual({ status: 'PENDING', delayS: 300 })
    expect(asked(429, 'soon')).toEqual({ status: 'PENDING', delayS: 300 })
  })
})

describe('Retry-After', () => {
  it('is seconds or a date', () => {
    expect(retryAfterS('120', NOW)).toBe(120)
    expect(retryAfterS('Tue, 24 Nov 2026 05:01:00 GMT', NOW)).toBe(60)
    expect(retryAfterS('Tue, 24 Nov 2026 04:00:00 GMT', NOW)).toBe(0)
  })

  it.each(['', '-1', '1.5', '1e3', 'now', '99999999999', 'NaN', '0x10'])('%j is none', (value) => {
    expect(retryAfterS(value, NOW)).toBeNull()
  })

  it('survives anything', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const seconds = retryAfterS(value, NOW)
        expect(seconds === null || seconds >= 0).toBe(true)
      }),
    )
  })
})
