import { useState } from 'react'
import { Button } from './button.tsx'

/** Walks a list that is read by cursors, page by page, both ways. `key`: what else the list depends on. */
export function usePages(key: string) {
  const [state, setState] = useState<{ key: string; cursors: string[] }>({ key, cursors: [] })
  // Another filter begins on its first page.
  const cursors = state.key === key ? state.cursors : []
  return {
    after: cursors.at(-1) ?? null,
    number: cursors.length + 1,
    next: (cursor: string) => setState({ key, cursors: [...cursors, cursor] }),
    previous: () => setState({ key, cursors: cursors.slice(0, -1) }),
  }
}

interface PagerProps {
  pages: ReturnType<typeof usePages>
  pageInfo: { hasNextPage: boolean; endCursor: string | null } | undefined
  /** What lies ahead: "Older". */
  next?: string
  previous?: string
}

export function Pager({ pages, pageInfo, next = 'Older', previous = 'Newer' }: PagerProps) {
  const more = pageInfo?.hasNextPage ? pageInfo.endCursor : null
  if (pages.number === 1 && !more) return null
  return (
    <nav className="row" aria-label="Pages">
      <Button off={pages.number === 1} onClick={pages.previous}>
        {previous}
      </Button>
      <span className="muted">Page {pages.number}</span>
      <Button off={!more} onClick={() => more && pages.next(more)}>
        {next}
      </Button>
    </nav>
  )
}
