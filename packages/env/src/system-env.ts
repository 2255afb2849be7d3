import { randomBytes } from 'node:crypto'
import type { Env } from './env.ts'
import { createUuidV7 } from './uuid-v7.ts'

/** The Env of a real process: the host's clocks, Node's timers and the kernel's randomness. */
export function createSystemEnv(): Env {
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    setTimer(delayMs, fn) {
      const handle = setTimeout(fn, delayMs)
      return { cancel: () => clearTimeout(handle) }
    },
    nextTurn: (fn) => void setImmediate(fn),
    newId: createUuidV7(() => Date.now(), randomBytes),
    randomBytes,
  }
}
