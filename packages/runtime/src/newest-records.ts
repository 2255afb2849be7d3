import type { RawRecord } from '@kafclaw/envelope'
import type { LogBatch } from '@kafclaw/kafka'
import { isReadFromStart } from './group-topics.ts'

/**
 * What compaction would leave: of each key of a compacted topic the last record of a batch. A broker compacts when it gets to it,
 * so a topic that is read from its beginning may hold the whole history of each key.
 */
export function newestRecords(batches: readonly LogBatch[]): LogBatch[] {
  return batches.map((batch) => (isReadFromStart(batch.topic) ? newestOf(batch) : batch))
}

function newestOf(batch: LogBatch): LogBatch {
  const last = new Map<string, RawRecord>()
  for (const record of batch.records) if (record.key) last.set(record.key.toString('latin1'), record)
  const isNewest = (record: RawRecord): boolean =>
    record.key === null || last.get(record.key.toString('latin1')) === record
  return { ...batch, records: batch.records.filter(isNewest) }
}
