import type { LogBatch, ReadOptions } from './log.ts'
import type { ReadProgress } from './read-progress.ts'

/** Hands batches to the caller one call at a time, over all who fetch, and moves the positions when a call has returned. */
export interface BatchHandler {
  /** Answers with a promise only where there is something to wait for: an ordinary batch must not cost a turn. */
  handle(batches: readonly LogBatch[]): Promise<void> | undefined
  /** Lets the running call end and drops what still waits. */
  close(): Promise<void>
}

export function createBatchHandler(onBatch: ReadOptions['onBatch'], progress: ReadProgress): BatchHandler {
  let running: Promise<void> | null = null
  let closed = false

  function call(batches: readonly LogBatch[]): Promise<void> | undefined {
    if (closed) return undefined
    const result = onBatch(batches)
    if (!(result instanceof Promise)) {
      progress.advance(batches)
      return undefined
    }
    const done = result.then(() => progress.advance(batches))
    running = done
    return done.finally(() => {
      if (running === done) running = null
    })
  }

  async function callInTurn(batches: readonly LogBatch[]): Promise<void> {
    while (running) await running.catch(() => undefined)
    await call(batches)
  }

  return {
    handle: (batches) => (running ? callInTurn(batches) : call(batches)),
    async close() {
      closed = true
      await running?.catch(() => undefined)
    },
  }
}
