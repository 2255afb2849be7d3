import type { AppError, RawRecord } from '@kafclaw/envelope'
import type { Log } from '@kafclaw/kafka'

const MOST_RETRIES = 5

/**
 * Hands over every record of the topics from `position` (default: the start) to the end offsets of now, in log order
 * within a partition, without keeping any. Topics that do not exist hold nothing.
 */
export async function readToEnd(
  log: Log,
  topics: readonly string[],
  options: { onRecord(record: RawRecord): void; position?(topic: string, partition: number): number | 'start' | 'end' },
): Promise<void> {
  if (topics.length === 0) return
  const outOfReach = Promise.withResolvers<never>()
  outOfReach.promise.catch(() => undefined)
  let retries = 0
  const reader = log.read({
    topics,
    position: options.position ?? (() => 'start'),
    onBatch(batches) {
      retries = 0
      for (const batch of batches) for (const record of batch.records) options.onRecord(record)
    },
    onEvent(event) {
      if (event.kind === 'retrying') giveUp(event.error)
    },
  })
  /** A reader retries for ever; a command that ends does not wait so long for a broker. */
  function giveUp(error: AppError): void {
    if (++retries >= MOST_RETRIES) outOfReach.reject(error)
  }
  try {
    await Promise.race([reader.caughtUp, reader.ended, outOfReach.promise])
  } finally {
    await reader.close()
  }
}
