import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EventLog, isGap } from '../../src/console/events/event-log.ts'
import type { EventFieldsFragment } from '../../src/console/gql/graphql.ts'

const event = (sequence: number) => ({ id: `evt_${sequence}`, sequence, cursor: `c${sequence}` }) as EventFieldsFragment
const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => event(from + n))
const shown = (log: EventLog) => log.rows.map((row) => (isGap(row) ? row.gap : row.sequence))

it('shows each event once, newest first, at most as many as it may', () => {
  const log = new EventLog(4, true)
  expect(log.append(run(1, 3))).toBe(true)
  expect(log.append(run(2, 6))).toBe(true)
  expect(shown(log)).toEqual([6, 5, 4, 3])
  expect(log.cursor).toBe('c6')
})

it('asks for what is missing once, and shows the gap where it is gone', () => {
  const log = new EventLog(10, true)
  log.append(run(1, 2))
  expect(log.append([event(5)])).toBe(false)
  expect([log.cursor, shown(log)]).toEqual(['c2', [2, 1]])
  expect(log.append([event(5), event(6)])).toBe(true)
  expect(shown(log)).toEqual([6, 5, '2 events are missing here', 2, 1])
})

it('takes jumps for what they are where it shows a part of the events', () => {
  const log = new EventLog(10, false)
  expect(log.append([event(3), event(9)])).toBe(true)
  expect(shown(log)).toEqual([9, 3])
})

it('goes on behind a place where it broke off', () => {
  const log = new EventLog(10, true)
  log.append(run(1, 2))
  log.breakOff('gone')
  expect(log.cursor).toBeNull()
  expect(log.append([event(50)])).toBe(true)
  expect(shown(log)).toEqual([50, 'gone', 2, 1])
})

it('comes to the same whatever is told twice, late or in parts, when asked behind its cursor', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 8 }), fc.boolean()), { maxLength: 60 }),
      (told) => {
        const log = new EventLog(1000, true)
        log.append(run(1, 1))
        for (const [back, count, ahead] of told) {
          const at = Number(log.cursor?.slice(1))
          // Told from anywhere: before the cursor, right behind it, or too far ahead; then read on from the cursor.
          const from = ahead ? at + 2 : Math.max(1, at + 1 - back)
          if (!log.append(run(from, from + count))) log.append(run(at + 1, from + count))
        }
        const sequences = log.rows.filter((row) => !isGap(row)).map((row) => (row as EventFieldsFragment).sequence)
        expect(log.rows.some(isGap)).toBe(false)
        expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, n) => sequences.length - n))
      },
    ),
  )
})
