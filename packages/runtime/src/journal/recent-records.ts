import type { RawRecord } from '@kafclaw/envelope'

/** The newest records of one partition, so that a run which begins now need not fetch them again. */
export interface RecentRecords {
  add(record: RawRecord): void
  /** Everything before this offset has been seen. */
  reached(nextOffset: number): void
  next(): number
  /** What lies at `offset` and after it; null when that is no longer here as a whole. */
  from(offset: number): RawRecord[] | null
}

const MOST_BYTES = 1024 * 1024
/** Its objects and headers. */
const RECORD_BYTES = 500

/** Holds nothing before `start`. */
export function createRecentRecords(start: number): RecentRecords {
  let first = start
  let next = start
  let bytes = 0
  let records: RawRecord[] = []
  return {
    add(record) {
      records.push(record)
      bytes += sizeOf(record)
      if (bytes < MOST_BYTES * 2) return
      // Half of it goes at once: taking one record from the front each time would move all others.
      while (bytes > MOST_BYTES) {
        const half = Math.ceil(records.length / 2)
        for (const old of records.slice(0, half)) bytes -= sizeOf(old)
        records = records.slice(half)
      }
      first = records[0]?.offset ?? record.offset + 1
    },
    reached(nextOffset) {
      next = nextOffset
    },
    next: () => next,
    from(offset) {
      if (offset < first) return null
      const found: RawRecord[] = []
      for (let index = records.length - 1; index >= 0; index--) {
        const record = records[index]
        if (!record || record.offset < offset) break
        found.push(record)
      }
      return found.reverse()
    },
  }
}

/** About what a record takes in memory, bytes. */
function sizeOf({ key, value }: RawRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + RECORD_BYTES
}
