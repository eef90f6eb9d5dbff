import { CircleAlert, Info } from 'lucide-react'
import type { ReactNode } from 'react'
import './notice.css'

interface NoticeProps {
  tone?: 'info' | 'warn' | 'bad'
  /** Said at once to who does not see it. */
  live?: boolean
  children: ReactNode
}

export function Notice({ tone = 'info', live, children }: NoticeProps) {
  return (
    <div className={`notice ${tone}`} role={live ? 'status' : undefined}>
      {tone === 'info' ? <Info aria-hidden /> : <CircleAlert aria-hidden />}
      <div className="break grow">{children}</div>
    </div>
  )
}

interface EmptyProps {
  title: string
  text?: ReactNode
  art?: ReactNode
  /** It is all that the page shows. */
  page?: boolean
  children?: ReactNode
}

/** What stands where a list has nothing to show. */
export function Empty({ title, text, art, page, children }: EmptyProps) {
  const Heading = page ? 'h1' : 'h2'
  return (
    <div className="empty">
      {art}
      <Heading>{title}</Heading>
      {text && <p className="muted">{text}</p>}
      {children}
    </div>
  )
}

/** Gray bars in the place of what is on its way. */
export function Loading({ rows = 3 }: { rows?: number }) {
  return (
    <div className="stack" role="status">
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars have nothing else to be told apart by
        <div key={row} className="skeleton" />
      ))}
    </div>
  )
}
