import { useSyncExternalStore } from 'react'

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' })
const steps = [
  [60, 1, 'second'],
  [3600, 60, 'minute'],
  [86_400, 3600, 'hour'],
  [Number.POSITIVE_INFINITY, 86_400, 'day'],
] as const

/** What "12 sec. ago" is measured from moves on so often. */
const TICK_MS = 5000
let now = Date.now()
const listeners = new Set<() => void>()
setInterval(() => {
  now = Date.now()
  for (const listener of listeners) listener()
}, TICK_MS)
const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function tell(at: number, from: number): string {
  const seconds = Math.round((at - from) / 1000)
  if (Math.abs(seconds) < TICK_MS / 1000) return 'just now'
  const [, size, unit] = steps.find(([below]) => Math.abs(seconds) < below) ?? steps[3]
  return relative.format(Math.trunc(seconds / size), unit)
}

/** A moment, as far from now as it is; the exact one in its title. */
export function Ago({ at }: { at: string }) {
  const from = useSyncExternalStore(subscribe, () => now)
  const moment = Date.parse(at)
  // `now` is some seconds old at most: what has just happened is not in the future.
  const text = tell(moment, Math.max(from, Math.min(moment, Date.now())))
  return (
    <time dateTime={at} title={exact.format(moment)} className="nowrap">
      {text}
    </time>
  )
}

/** A moment, exactly. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={at} className="nowrap">
      {exact.format(Date.parse(at))}
    </time>
  )
}
