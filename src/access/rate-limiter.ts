/** What is left to spend in the current window. */
export interface Budget {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Whole seconds until the window ends and the limit is whole again. */
  readonly resetS: number
}

/** Counts what callers use. Names are the caller's: a key's id, an address. */
export interface RateLimiter extends AsyncDisposable {
  /** Takes `cost` from what `name` may spend in this minute; what does not fit is refused and not taken. Never throws. */
  spend(name: string, cost: number, limit: number): Promise<Budget>
  /**
   * Takes one of `limit` slots that `name` may hold at a time. Never throws.
   * @returns how to give it back, or null when all are taken.
   */
  hold(name: string, limit: number): Promise<(() => void) | null>
}

/** A window's length. */
export const WINDOW_MS = 60_000
/** Names that are counted at a time; the oldest is forgotten first. */
const MAX_NAMES = 50_000

/** Counts in this process alone. */
export function createLocalRateLimiter(now: () => number = Date.now): RateLimiter {
  const windows = new Map<string, { spent: number; endsAt: number }>()
  const held = new Map<string, number>()

  return {
    async spend(name, cost, limit) {
      const at = now()
      let window = windows.get(name)
      if (!window || window.endsAt <= at) {
        windows.delete(name)
        window = { spent: 0, endsAt: at + WINDOW_MS }
        windows.set(name, window)
        if (windows.size > MAX_NAMES) windows.delete(windows.keys().next().value as string)
      }
      const allowed = window.spent + cost <= limit
      if (allowed) window.spent += cost
      return budget(allowed, limit, window.spent, window.endsAt - at)
    },
    async hold(name, limit) {
      const count = held.get(name) ?? 0
      if (count >= limit) return null
      held.set(name, count + 1)
      return once(() => {
        const left = (held.get(name) ?? 1) - 1
        if (left > 0) held.set(name, left)
        else held.delete(name)
      })
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** @param endsInMs until the window's end. */
export const budget = (allowed: boolean, limit: number, spent: number, endsInMs: number): Budget => ({
  allowed,
  limit,
  remaining: Math.max(0, limit - spent),
  resetS: Math.max(1, Math.ceil(endsInMs / 1000)),
})

/** `action`, the first time that it is called. */
export function once(action: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    action()
  }
}
