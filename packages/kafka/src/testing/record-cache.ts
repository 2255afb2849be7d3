import type { RawRecord, RecordPlace } from '@kafclaw/envelope'
import type { RecordSource } from '../embedded/record-source.ts'
import type { OffsetRange, OutgoingRecord } from '../log.ts'

export interface RecordCache {
  readonly source: RecordSource
  /** A record was written; kept where all before it are. */
  appended(record: OutgoingRecord & RecordPlace, nowMs: number): void
  /** The log has lost records. */
  forget(): void
}

/**
 * Keeps what was read of a log that one process writes: many readers meet the same records again and again, and reading
 * them from SQLite each time would be most of the work of a simulation.
 */
export function createRecordCache(source: RecordSource, ranges: () => readonly OffsetRange[]): RecordCache {
  interface Kept {
    records: RawRecord[]
    /** Everything before it is kept. */
    next: number
  }
  const kept = new Map<string, Kept>()

  function fill(partition: Kept, range: OffsetRange): void {
    while (partition.next < range.end) {
      const at = { topic: range.topic, partition: range.partition, position: partition.next }
      const run = source.read({ ...at, maxBytes: Number.POSITIVE_INFINITY })
      if (!run || run.nextOffset === partition.next) return
      partition.records.push(...run.records)
      partition.next = run.nextOffset
    }
  }

  /** Index of the first record at or after the offset. */
  function indexOf(records: readonly RawRecord[], offset: number): number {
    let low = 0
    let high = records.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((records[middle]?.offset ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    appended({ topic, partition, offset, key, value, headers }, nowMs) {
      const known = kept.get(`${topic}/${partition}`)
      if (known?.next !== offset) return
      // As the log itself stamps it: times never go back within a partition.
      const timestampMs = Math.max(known.records.at(-1)?.timestampMs ?? 0, nowMs)
      known.records.push({ topic, partition, offset, timestampMs, key, value, headers })
      known.next = offset + 1
    },
    forget: () => kept.clear(),
    source: {
      read({ topic, partition, position, maxBytes }) {
        const key = `${topic}/${partition}`
        const range = ranges().find((other) => other.topic === topic && other.partition === partition)
        if (!range) return null
        const known = kept.get(key) ?? { records: [], next: range.start }
        kept.set(key, known)
        fill(known, range)
        const run = { start: range.start, end: range.end, records: [] as RawRecord[], nextOffset: position }
        let sizeBytes = 0
        for (let index = indexOf(known.records, position); index < known.records.length; index++) {
          const record = known.records[index]
          if (!record) break
          sizeBytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
          if (sizeBytes > maxBytes && run.records.length > 0) return run
          run.records.push(record)
          run.nextOffset = record.offset + 1
        }
        run.nextOffset = Math.max(position, range.end)
        return run
      },
    },
  }
}
