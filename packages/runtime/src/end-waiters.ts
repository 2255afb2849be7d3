import type { Env } from '@kafclaw/env'
import type { LogBatch, OffsetRange, ReaderLag } from '@kafclaw/kafka'

/** Lets callers wait until a reader has handled everything up to given end offsets. */
export interface EndWaiters {
  /** What was fetched has been handled. */
  moved(batches: readonly LogBatch[]): void
  /** Resolves with true when all ends are reached, with false at the deadline. `positions`: where the reader stands now. */
  until(
    ends: readonly OffsetRange[],
    options: { positions: readonly ReaderLag[]; deadline: AbortSignal },
  ): Promise<boolean>
}

interface Waiter {
  open: Map<string, number>
  done(reached: boolean): void
}

export function createEndWaiters(): EndWaiters {
  /** Handled up to here; the reader itself moves a little later, when its handler has returned. */
  const handled = new Map<string, number>()
  const waiters = new Set<Waiter>()
  return {
    moved(batches) {
      for (const batch of batches) {
        const key = keyOf(batch)
        handled.set(key, batch.nextOffset)
        for (const { open } of waiters)
          if ((open.get(key) ?? Number.POSITIVE_INFINITY) <= batch.nextOffset) open.delete(key)
      }
      for (const waiter of waiters) if (waiter.open.size === 0) waiter.done(true)
    },
    until(ends, { positions, deadline }) {
      const at = new Map(positions.map((each) => [keyOf(each), each.position]))
      const isOpen = (range: OffsetRange): boolean => {
        const key = keyOf(range)
        return Math.max(at.get(key) ?? -1, handled.get(key) ?? -1) < range.end
      }
      const open = new Map(ends.filter(isOpen).map((range) => [keyOf(range), range.end]))
      if (open.size === 0) return Promise.resolve(true)
      if (deadline.aborted) return Promise.resolve(false)
      return new Promise((resolve) => {
        const waiter: Waiter = {
          open,
          done(reached) {
            waiters.delete(waiter)
            resolve(reached)
          },
        }
        waiters.add(waiter)
        deadline.addEventListener('abort', () => waiter.done(false), { once: true })
      })
    },
  }
}

function keyOf(at: { topic: string; partition: number }): string {
  return `${at.topic}/${at.partition}`
}

/** What `reach` resolves with; false when it fails or has not ended after `waitMs`. */
export async function withinMs(
  env: Env,
  waitMs: number,
  reach: (deadline: AbortSignal) => Promise<boolean>,
): Promise<boolean> {
  const deadline = new AbortController()
  const late = Promise.withResolvers<boolean>()
  const timer = env.setTimer(waitMs, () => {
    deadline.abort()
    late.resolve(false)
  })
  try {
    return await Promise.race([reach(deadline.signal).catch(() => false), late.promise])
  } finally {
    timer.cancel()
  }
}
