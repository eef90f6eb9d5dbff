import type { ReactNode } from 'react'
import './badge.css'

export type Tone = 'good' | 'gray' | 'bad' | 'warn' | 'accent'

export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>
}
