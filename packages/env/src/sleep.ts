import type { Env } from './env.ts'

/** Waits `delayMs`; an abort ends the wait early and without an error, because the caller looks at its signal anyway. */
export function sleep(env: Env, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = env.setTimer(delayMs, done)
  signal?.addEventListener('abort', done, { once: true })
  function done(): void {
    timer.cancel()
    signal?.removeEventListener('abort', done)
    resolve()
  }
  return promise
}
