import type { RawRecord } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'
import { fromHeadersText } from './headers-text.ts'

interface ReadRun {
  start: number
  end: number
  records: RawRecord[]
  nextOffset: number
}

/** Reads runs of records of a partition. */
export interface RecordSource {
  /** null: the partition does not exist. At least one record where there is one, then up to `maxBytes`. */
  read(from: { topic: string; partition: number; position: number; maxBytes: number }): ReadRun | null
}

interface Row {
  start: number
  end: number
  offset: number | null
  timestamp_ms: number
  key: Buffer | null
  value: Buffer | null
  headers: string
}

const ROWS_AT_ONCE = 100

export function createRecordSource(db: Db): RecordSource {
  // Ends and records in one statement, so in one snapshot: what retention takes away meanwhile shows as a start that moved.
  const rows = db.prepare<[number, string, number, number], Row>(
    `select h.start_offset as "start", h.next_offset as "end", r.offset, r.timestamp_ms, r.key, r.value, r.headers
     from head h left join record r on r.topic = h.topic and r.partition = h.partition and r.offset >= ?
     where h.topic = ? and h.partition = ? order by r.offset limit ?`,
  )

  return {
    read({ topic, partition, position, maxBytes }) {
      const found = rows.all(position, topic, partition, ROWS_AT_ONCE)
      const first = found[0]
      if (!first) return null
      const run: ReadRun = { start: first.start, end: first.end, records: [], nextOffset: position }
      let sizeBytes = 0
      for (const { offset, timestamp_ms, key, value, headers } of found) {
        if (offset === null) break
        sizeBytes += (key?.length ?? 0) + (value?.length ?? 0) + headers.length
        if (sizeBytes > maxBytes && run.records.length > 0) return run
        run.records.push({
          topic,
          partition,
          offset,
          timestampMs: timestamp_ms,
          key,
          value,
          headers: fromHeadersText(headers),
        })
        run.nextOffset = offset + 1
      }
      // All there is: what compaction left empty at the end is read as well.
      if (found.length < ROWS_AT_ONCE) run.nextOffset = Math.max(position, first.end)
      return run
    },
  }
}
