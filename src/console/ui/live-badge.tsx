import type { LiveState } from '../api/follow.ts'
import './live-badge.css'

const texts = { live: 'Live', connecting: 'Connecting', lost: 'Connection lost', paused: 'Paused' } as const

/** Whether what is shown is live. */
export function LiveBadge({ state }: { state: LiveState | 'paused' }) {
  return (
    <span className={`live-badge ${state}`} role="status">
      <span className="dot" aria-hidden />
      {texts[state]}
    </span>
  )
}
