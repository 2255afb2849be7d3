import type { Log, LogBatch } from '@kafclaw/kafka'

/** The log as it is for a reader that is slow: what has been fetched is handed over when `until` has resolved. */
export function holdReading(log: Log, until: (batches: readonly LogBatch[]) => Promise<void> | null): Log {
  return {
    ...log,
    read: (options) =>
      log.read({
        ...options,
        async onBatch(batches) {
          await until(batches)
          await options.onBatch(batches)
        },
      }),
  }
}
