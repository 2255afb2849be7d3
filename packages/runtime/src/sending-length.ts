import type { OutgoingRecord } from '@kafclaw/kafka'

/** Where one of them is refused for good, the others are sent one by one. */
const MOST_RECORDS = 1000
/** One sending follows the acknowledgement of another: small ones come back as many small transactions. */
const MOST_BYTES = 1024 * 1024
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
