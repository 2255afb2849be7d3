/** The places in which runs work; a run that waits for others gives its place back. */
export interface Slots {
  /** `ending` of those who hold one are about to release it. */
  free(ending?: number): number
  take(): void
  release(): void
  /** A run that had given its place back wants one again: it goes before every new claim. */
  retake(signal: AbortSignal): Promise<void>
}

export function createSlots(capacity: number, onFree: () => void): Slots {
  let used = 0
  let waiting: Array<() => void> = []
  return {
    free: (ending = 0) => (waiting.length > 0 ? 0 : Math.max(0, capacity - used + ending)),
    take: () => void used++,
    release() {
      used--
      const next = waiting.shift()
      if (next) next()
      else onFree()
    },
    retake(signal) {
      // Whoever has to stop needs it only for its last words.
      if (signal.aborted || (waiting.length === 0 && used < capacity)) {
        used++
        return Promise.resolve()
      }
      return new Promise((resolve) => {
        const enter = (): void => {
          signal.removeEventListener('abort', stop)
          used++
          resolve()
        }
        const stop = (): void => {
          waiting = waiting.filter((other) => other !== enter)
          enter()
        }
        waiting.push(enter)
        signal.addEventListener('abort', stop)
      })
    },
  }
}
