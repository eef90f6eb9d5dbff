import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Claimed } from '../../src/dispatcher/claim.ts'
import { Lane, Lanes } from '../../src/dispatcher/lanes.ts'

const delivery = (webhookId: string, appId = 'app') => ({ webhookId, appId }) as Claimed

describe('a lane', () => {
  it('probes with one attempt at a time after 10 failures in a row, until one succeeds', () => {
    const lane = new Lane(delivery('w'), 16)
    for (let i = 0; i < 9; i++) lane.ended(false, 5)
    lane.ended(true, 5)
    for (let i = 0; i < 9; i++) lane.ended(false, 5)
    expect(lane.limit).toBe(16)
    lane.ended(false, 5)
    expect(lane.limit).toBe(1)
    lane.ended(false, 5)
    expect(lane.limit).toBe(1)
    lane.ended(true, 5)
    expect(lane.limit).toBe(16)
  })

  it('holds ahead what it sends in a moment: a slow one nothing', () => {
    const [fast, slow] = [new Lane(delivery('f'), 16), new Lane(delivery('s'), 16)]
    fast.ended(true, 1)
    slow.ended(true, 15_000)
    expect(fast.room).toBeGreaterThan(16)
    expect(slow.room).toBe(16)
  })

  it('never has room for more than four times its concurrency, whatever it has seen', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.array(fc.tuple(fc.boolean(), fc.nat(20_000))),
        fc.nat(100),
        (concurrency, attempts, queued) => {
          const lane = new Lane(delivery('w'), concurrency)
          for (const [succeeded, ms] of attempts) lane.ended(succeeded, ms)
          lane.queue.push(...Array.from({ length: queued }, () => delivery('w')))
          expect(lane.room).toBeGreaterThanOrEqual(0)
          expect(lane.room + queued).toBeLessThanOrEqual(Math.max(queued, 4 * concurrency))
        },
      ),
    )
  })
})

describe('lanes', () => {
  it('have no room for an app that holds its share, and keep the others going', () => {
    const lanes = new Lanes(16)
    for (const [webhook, app, held] of [
      ['a1', 'a', 60],
      ['a2', 'a', 40],
      ['b1', 'b', 99],
    ] as const) {
      lanes.of(delivery(webhook, app)).held = held
    }
    expect(Object.fromEntries(lanes.rooms(100))).toEqual({ a1: 0, a2: 0, b1: 16 })
  })

  it('forget idle webhooks when there are many', () => {
    const lanes = new Lanes(16)
    for (let i = 0; i < 5000; i++) lanes.release(lanes.of(delivery(`w${i}`)))
    expect(lanes.rooms(100).size).toBe(1000)
  })
})
