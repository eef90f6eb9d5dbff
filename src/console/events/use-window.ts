import { type RefObject, useEffect, useState } from 'react'

/** Rows that are drawn beyond what is seen, above and below. */
const OVERSCAN = 10
/** As events.css has them. */
const narrow = matchMedia('(max-width: 820px)')
const heightNow = () => (narrow.matches ? 61 : 41)

/** Which rows of a long list are in sight: from `first` on, before `end`, each `height` pixels high. */
export function useWindow(list: RefObject<HTMLElement | null>, count: number) {
  const [seen, setSeen] = useState({ first: 0, end: 40, height: heightNow() })
  useEffect(() => {
    const look = () => {
      const height = heightNow()
      const above = Math.max(0, -(list.current?.getBoundingClientRect().top ?? 0))
      const first = Math.max(0, Math.floor(above / height) - OVERSCAN)
      const end = Math.ceil((above + innerHeight) / height) + OVERSCAN
      setSeen((before) =>
        before.first === first && before.end === end && before.height === height ? before : { first, end, height },
      )
    }
    look()
    addEventListener('scroll', look, { passive: true })
    addEventListener('resize', look)
    return () => {
      removeEventListener('scroll', look)
      removeEventListener('resize', look)
    }
  }, [list])
  // The list may have become shorter than where one looked.
  const first = Math.min(seen.first, Math.max(0, count - 1))
  const end = Math.min(seen.end, count)
  return { first, end, above: first * seen.height, below: Math.max(0, count - end) * seen.height }
}
