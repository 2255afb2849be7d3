import type { OutgoingRecord } from '@kafclaw/kafka'

const MOST_RECORDS = 1000
const MOST_BYTES = 256 * 1024
/** Headers and framing of a record, about. */
const RECORD_BYTES = 200

/** How many of the entries from `from` on go in one sending: at least one, if there is any. */
export function sendingLength(entries: ReadonlyArray<{ record: OutgoingRecord }>, from = 0): number {
  let bytes = 0
  let count = 0
  while (from + count < entries.length && count < MOST_RECORDS) {
    const record = entries[from + count]?.record
    bytes += (record?.value?.length ?? 0) + (record?.key?.length ?? 0) + RECORD_BYTES
    if (count > 0 && bytes > MOST_BYTES) break
    count++
  }
  return count
}
