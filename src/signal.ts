/** Wakes one waiter. What is set while nobody waits is remembered, once. */
export interface Signal {
  set(): void
  /** Resolves when it is set, or after `ms`. */
  wait(ms: number): Promise<void>
}

export function createSignal(): Signal {
  let isSet = false
  let wake: (() => void) | null = null
  return {
    set() {
      isSet = true
      wake?.()
    },
    async wait(ms) {
      if (!isSet) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      wake = null
      isSet = false
    },
  }
}
