import { createHash } from 'node:crypto'
import type { Env } from '../env.ts'
import { createUuidV7 } from '../uuid-v7.ts'

/** An Env whose clock stands still until a test moves it; the same seed gives the same ids. */
export interface VirtualEnv extends Env {
  /** Moves both clocks and runs the timers that fall due, each at its own time, in order. */
  advance(durationMs: number): Promise<void>
}

export function createVirtualEnv(options: { seed?: number; startMs?: number } = {}): VirtualEnv {
  const startMs = options.startMs ?? Date.UTC(2026, 0, 1)
  let elapsedMs = 0
  let order = 0
  let drawn = 0
  const timers = new Set<{ dueMs: number; order: number; fn: () => void }>()
  const randomBytes = (sizeBytes: number): Buffer => {
    const blocks: Buffer[] = []
    for (let length = 0; length < sizeBytes; length += 32) {
      blocks.push(
        createHash('sha256')
          .update(`${options.seed ?? 1}/${drawn++}`)
          .digest(),
      )
    }
    return Buffer.concat(blocks).subarray(0, sizeBytes)
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const now = (): number => Math.floor(startMs + elapsedMs)
  return {
    now,
    monotonicMs: () => elapsedMs,
    setTimer(delayMs, fn) {
      const timer = { dueMs: elapsedMs + Math.max(0, delayMs), order: order++, fn }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
    nextTurn: (fn) => void setImmediate(fn),
    newId: createUuidV7(now, randomBytes),
    randomBytes,
    async advance(durationMs) {
      const endMs = elapsedMs + durationMs
      for (;;) {
        const [next] = [...timers]
          .filter((timer) => timer.dueMs <= endMs)
          .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)
        if (!next) break
        timers.delete(next)
        elapsedMs = next.dueMs
        next.fn()
        await turn()
      }
      elapsedMs = endMs
      await turn()
    },
  }
}
