import { type Env, sleep } from '@kafclaw/env'
import type { ResponseEnvelope } from '@kafclaw/envelope'

/** Why the waiting ended: the outcome, our own patience, the deadline of the task, or the person. */
export type WaitEnd = ResponseEnvelope | 'timeout' | 'expired' | 'interrupted'

export interface WaitLimits {
  env: Env
  /** Null: as long as the task may live. */
  timeoutMs: number | null
  /** After this moment (epoch ms) nobody runs the task any more. */
  lastMs: number
  interrupted: AbortSignal
}

/** The longest delay of a timer in Node. */
const LONGEST_TIMER_MS = 2_147_483_647

/** Waits for an outcome; the task itself is not touched when the waiting ends otherwise. */
export async function awaitOutcome(outcome: Promise<ResponseEnvelope>, limits: WaitLimits): Promise<WaitEnd> {
  const { env, timeoutMs, interrupted } = limits
  const leftMs = limits.lastMs - env.now()
  const waitMs = Math.max(0, Math.min(timeoutMs ?? leftMs, leftMs, LONGEST_TIMER_MS))
  const settled = new AbortController()
  const signal = AbortSignal.any([settled.signal, interrupted])
  const limit = sleep(env, waitMs, signal).then((): WaitEnd => {
    if (interrupted.aborted) return 'interrupted'
    return timeoutMs !== null && timeoutMs <= leftMs ? 'timeout' : 'expired'
  })
  try {
    return await Promise.race([outcome, limit])
  } finally {
    settled.abort()
  }
}
