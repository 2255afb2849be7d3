/** Something that falls due; equal times keep the order in which they were added. */
interface Entry {
  readonly dueMs: number
  readonly order: number
  fn: (() => void) | null
}

/** Timers by their due times, as a binary heap: adding and taking cost little however many wait. */
export interface TimerQueue {
  add(dueMs: number, fn: () => void): { cancel(): void }
  /** When the first one falls due; Infinity for none. */
  nextDueMs(): number
  /** Takes the first one. */
  take(): (() => void) | null
}

export function createTimerQueue(): TimerQueue {
  const heap: Entry[] = []
  let order = 0

  const isBefore = (a: Entry, b: Entry): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)

  function swap(a: number, b: number): void {
    const [left, right] = [heap[a], heap[b]]
    if (!left || !right) return
    heap[a] = right
    heap[b] = left
  }

  function rise(start: number): void {
    for (let at = start; at > 0; ) {
      const parent = (at - 1) >> 1
      const [child, above] = [heap[at], heap[parent]]
      if (!child || !above || !isBefore(child, above)) return
      swap(at, parent)
      at = parent
    }
  }

  function sink(): void {
    for (let at = 0; ; ) {
      let first = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const [entry, best] = [heap[child], heap[first]]
        if (entry && best && isBefore(entry, best)) first = child
      }
      if (first === at) return
      swap(at, first)
      at = first
    }
  }

  function removeFirst(): Entry | undefined {
    const first = heap[0]
    const last = heap.pop()
    if (last && first && last !== first) {
      heap[0] = last
      sink()
    }
    return first
  }

  /** Cancelled ones go when they come to the top. */
  function dropCancelled(): void {
    while (heap[0]?.fn === null) removeFirst()
  }

  return {
    add(dueMs, fn) {
      const entry: Entry = { dueMs, order: order++, fn }
      heap.push(entry)
      rise(heap.length - 1)
      return {
        cancel() {
          entry.fn = null
        },
      }
    },
    nextDueMs() {
      dropCancelled()
      return heap[0]?.dueMs ?? Number.POSITIVE_INFINITY
    },
    take() {
      dropCancelled()
      return removeFirst()?.fn ?? null
    },
  }
}
