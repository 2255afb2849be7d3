import type { RawRecord } from '@kafclaw/envelope'
import type { LogBatch } from '@kafclaw/kafka'

/**
 * What compaction would leave of a batch: of each key the last record. A broker compacts when it gets to it, so a topic that is
 * read from its beginning may hold the whole history of each key.
 */
export function newestRecords(batch: LogBatch): LogBatch {
  const last = new Map<string, RawRecord>()
  for (const record of batch.records) if (record.key) last.set(record.key.toString('latin1'), record)
  const isNewest = (record: RawRecord): boolean =>
    record.key === null || last.get(record.key.toString('latin1')) === record
  return { ...batch, records: batch.records.filter(isNewest) }
}
