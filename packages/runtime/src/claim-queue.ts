/** Tasks to be looked at, each when its time has come; a task stands in it once, with its earliest time. */
export interface ClaimQueue {
  add(taskId: string, dueMs: number): void
  /** Takes the first task whose time has come, or null. */
  take(nowMs: number): string | null
  /** When the next one falls due, or null. */
  nextDueMs(): number | null
  /** Forgets the task. */
  remove(taskId: string): void
  size(): number
}

interface Entry {
  taskId: string
  dueMs: number
  order: number
}

/** A binary heap by due time, then by the order of adding; entries that were overtaken by an earlier one, or removed, are passed over when they come up. */
export function createClaimQueue(): ClaimQueue {
  const heap: Entry[] = []
  const dueOf = new Map<string, number>()
  let order = 0
  const isBefore = (a: Entry, b: Entry): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)

  function push(entry: Entry): void {
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (!parent || !isBefore(entry, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = entry
  }

  function pop(): void {
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let index = 0
    for (;;) {
      let childIndex = index * 2 + 1
      const right = heap[childIndex + 1]
      let child = heap[childIndex]
      if (child && right && isBefore(right, child)) {
        child = right
        childIndex++
      }
      if (!child || !isBefore(child, last)) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
  }

  function first(): Entry | null {
    for (;;) {
      const entry = heap[0]
      if (!entry) return null
      if (dueOf.get(entry.taskId) === entry.dueMs) return entry
      pop()
    }
  }

  return {
    add(taskId, dueMs) {
      const known = dueOf.get(taskId)
      if (known !== undefined && known <= dueMs) return
      dueOf.set(taskId, dueMs)
      push({ taskId, dueMs, order: order++ })
    },
    take(nowMs) {
      const entry = first()
      if (!entry || entry.dueMs > nowMs) return null
      pop()
      dueOf.delete(entry.taskId)
      return entry.taskId
    },
    nextDueMs: () => first()?.dueMs ?? null,
    remove: (taskId) => void dueOf.delete(taskId),
    size: () => dueOf.size,
  }
}
