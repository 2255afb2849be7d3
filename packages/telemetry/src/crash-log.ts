import type { Logger } from 'pino'

/** A write of earlier lines may be under way in another thread, and nothing tells a synchronous caller of its end. */
const EARLIER_LINES_MS = 100

/**
 * Writes the error that ends the process as its last log line, uncaught errors and unhandled rejections alike.
 * It only watches: Node still prints the error and exits as it would. Returns the way to stop watching.
 */
export function logCrashes(logger: Logger): () => void {
  const onCrash = (err: unknown, origin: string): void => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EARLIER_LINES_MS)
    logger.fatal({ err, origin }, 'the process ends because of an error that nothing handled')
  }
  process.on('uncaughtExceptionMonitor', onCrash)
  return () => void process.off('uncaughtExceptionMonitor', onCrash)
}
