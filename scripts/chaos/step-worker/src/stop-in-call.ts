import { setTimeout as delay } from 'node:timers/promises'

/** With fewer calls than that it does not wait for ever. */
const WAIT_MS = 3000

/**
 * Holds the first `calls` calls until all of them stand between their intent and their effect, and stops the process there,
 * as a host does that sleeps. Whoever lets it go on lets all of them go on at once. Null: nothing is held.
 */
export function createStopInCall(calls: number | null): () => Promise<void> {
  if (calls === null) return async () => undefined
  let held = 0
  let stopped: Promise<void> | null = null
  let isOver = false
  const full = Promise.withResolvers<void>()

  async function stop(): Promise<void> {
    await Promise.race([full.promise, delay(WAIT_MS)])
    isOver = true
    await new Promise((resolve) => process.send?.({ stopsItself: held }, resolve))
    process.kill(process.pid, 'SIGSTOP')
  }

  return async () => {
    if (isOver) return
    held++
    stopped ??= stop()
    if (held === calls) full.resolve()
    await stopped
  }
}
