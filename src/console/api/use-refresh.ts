import { useEffect, useRef } from 'react'

/** How often what has no subscription of its own is read anew while someone looks at it. */
const EVERY_MS = 10_000

/** Reads anew in an interval and when the tab is looked at again; never while it is hidden. */
export function useRefresh(again: (options: { requestPolicy: 'network-only' }) => void): void {
  const latest = useRef(again)
  useEffect(() => {
    latest.current = again
  })
  useEffect(() => {
    const refresh = () => {
      if (document.visibilityState === 'visible') latest.current({ requestPolicy: 'network-only' })
    }
    const timer = setInterval(refresh, EVERY_MS)
    addEventListener('visibilitychange', refresh)
    return () => {
      clearInterval(timer)
      removeEventListener('visibilitychange', refresh)
    }
  }, [])
}
