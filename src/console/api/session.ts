// The API key of this tab. It is kept in sessionStorage, so that it ends with the tab, and never put into a URL; a
// sign-in link brings it in the fragment, which no server is sent, and which is taken out of the address bar here.
import { useSyncExternalStore } from 'react'

const ITEM = 'herald.key'
const listeners = new Set<() => void>()

/** Why the last session ended, for the sign-in page; empty when nobody was signed out. */
let notice = ''

/** Takes the key out of a sign-in link's fragment (#key=…). To be called before anything is drawn. */
export function takeKeyFromFragment(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get('key')
  if (key === null) return
  history.replaceState(null, '', location.pathname + location.search)
  if (key) sessionStorage.setItem(ITEM, key)
}

export function signIn(key: string): void {
  notice = ''
  sessionStorage.setItem(ITEM, key)
  for (const listener of listeners) listener()
}

/** @param why shown on the sign-in page. */
export function signOut(why = ''): void {
  notice = why
  sessionStorage.removeItem(ITEM)
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** The key of this tab; null while nobody is signed in. */
export const useKey = () => useSyncExternalStore(subscribe, () => sessionStorage.getItem(ITEM))
export const signOutNotice = () => notice
