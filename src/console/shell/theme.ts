import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark'

const ITEM = 'herald.theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

/** What someone chose; else what the system prefers. */
function theme(): Theme {
  const chosen = localStorage.getItem(ITEM)
  if (chosen === 'light' || chosen === 'dark') return chosen
  return system.matches ? 'dark' : 'light'
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme()
  for (const listener of listeners) listener()
}

export function choose(next: Theme): void {
  localStorage.setItem(ITEM, next)
  applyTheme()
}

system.addEventListener('change', applyTheme)

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
export const useTheme = () => useSyncExternalStore(subscribe, theme)
