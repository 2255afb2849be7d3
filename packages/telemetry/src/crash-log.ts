import type { Logger } from 'pino'

/**
 * Writes the error that ends the process as its last log line, uncaught errors and unhandled rejections alike.
 * It only watches: Node still prints the error and exits as it would. Returns the way to stop watching.
 */
export function logCrashes(logger: Logger): () => void {
  const onCrash = (err: unknown, origin: string): void => {
    logger.fatal({ err, origin }, 'the process ends because of an error that nothing handled')
  }
  process.on('uncaughtExceptionMonitor', onCrash)
  return () => void process.off('uncaughtExceptionMonitor', onCrash)
}
