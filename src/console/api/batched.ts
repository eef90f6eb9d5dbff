/** What is live is drawn at most so often: the eye sees no more, and the browser has its time for scrolling. */
const EVERY_MS = 100
/** So many are handed on at once, however early it is: browsers slow the timers of hidden tabs down to minutes. */
const MAX_WAITING = 1000

/** Collects items and hands them on together. */
export function batched<Item>(hand: (items: Item[]) => void) {
  let items: Item[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  /** Forgets what waits. */
  const clear = () => {
    clearTimeout(timer)
    timer = undefined
    items = []
  }
  /** Hands on at once what waits. */
  const flush = () => {
    const taken = items
    clear()
    if (taken.length > 0) hand(taken)
  }
  const add = (item: Item) => {
    if (items.push(item) >= MAX_WAITING) flush()
    else timer ??= setTimeout(flush, EVERY_MS)
  }
  return { add, flush, clear }
}
