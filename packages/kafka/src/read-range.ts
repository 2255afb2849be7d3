import { AppError, type RawRecord, type RecordPlace } from '@kafclaw/envelope'
import type { Log, LogBatch, OffsetRange } from './log.ts'

/** The record at a position; null when it is not there: deleted, compacted, or not written yet. */
export async function readOnce(log: Log, place: RecordPlace): Promise<RawRecord | null> {
  const range = (await log.offsets([place.topic])).find(({ partition }) => partition === place.partition)
  if (!range || place.offset < range.start || place.offset >= range.end) return null
  const records = await readRanges(log, [{ ...range, start: place.offset, end: place.offset + 1 }])
  return records.find((record) => record.offset === place.offset) ?? null
}

/**
 * All records of the topics up to the end offsets of now, in log order within each partition.
 * Error: KC_KAFKA_UNKNOWN_TOPIC when a topic does not exist.
 */
export async function readAll(log: Log, topics: readonly string[]): Promise<RawRecord[]> {
  return readRanges(log, await log.offsets(topics))
}

/** Reads from `start` up to, not including, `end` of each partition. A partition that cannot be read to its end (KC_KAFKA_UNREACHABLE) ends it. */
export async function readRanges(log: Log, ranges: readonly OffsetRange[]): Promise<RawRecord[]> {
  const records: RawRecord[] = []
  await readEach(log, ranges, (record) => void records.push(record))
  return records
}

/** The same, record by record, for ranges that are too long to be kept. */
export async function readEach(
  log: Log,
  ranges: readonly OffsetRange[],
  onRecord: (record: RawRecord) => void,
): Promise<void> {
  const open = new Map(ranges.filter(({ start, end }) => start < end).map((range) => [keyOf(range), range]))
  if (open.size === 0) return
  const wanted = new Map(open)
  const done = Promise.withResolvers<void>()
  const reader = log.read({
    topics: [...new Set(ranges.map(({ topic }) => topic))],
    position: (topic, partition) => wanted.get(keyOf({ topic, partition }))?.start ?? 'end',
    onBatch: (batches) => {
      for (const batch of batches) take(batch)
      if (open.size === 0) done.resolve()
    },
    onEvent: (event) => {
      if (event.kind === 'retrying') done.reject(event.error)
      // The log has become shorter since its offsets were asked for.
      if (event.kind === 'beyond_end' && open.delete(keyOf(event)) && open.size === 0) done.resolve()
    },
  })
  function take(batch: LogBatch): void {
    const range = open.get(keyOf(batch))
    if (!range) return
    for (const record of batch.records) if (record.offset < range.end) onRecord(record)
    if (batch.nextOffset >= range.end) open.delete(keyOf(batch))
  }
  try {
    await Promise.race([done.promise, reader.ended])
    if (open.size > 0) throw new AppError('KC_KAFKA_UNREACHABLE', 'The log was closed while it was read.')
  } finally {
    await reader.close()
  }
}

function keyOf(at: { topic: string; partition: number }): string {
  return `${at.topic}/${at.partition}`
}
