import type { TracedRecord } from '@kafclaw/runtime'
import type { Db, Row } from '@kafclaw/storage'

export type Gap = Row<'audit', 'gap'>

const MOST_GAPS = 100

/**
 * Gaps in which records of the decision may have lain: those whose neighbours in the partition do not show that what is
 * missing was appended before its first or after its last record. `isWhole`: nothing in it points to what is not there.
 */
export function gapsAround(db: Db, records: readonly TracedRecord[], isWhole: boolean): Gap[] {
  const times = records.map((record) => record.timestamp_ms)
  const firstMs = isWhole ? Math.min(...times) : 0
  const lastMs = Math.max(...times)
  return db
    .prepare<[number, number, number], Gap>(
      `select g.* from gap g
       where coalesce((select r.timestamp_ms from record r where r.topic = g.topic and r."partition" = g."partition"
         and r."offset" >= g.to_offset order by r."offset" limit 1), 9e15) >= ?
       and coalesce((select r.timestamp_ms from record r where r.topic = g.topic and r."partition" = g."partition"
         and r."offset" < g.from_offset order by r."offset" desc limit 1), 0) <= ?
       order by g.at_ms desc limit ?`,
    )
    .all(firstMs, lastMs, MOST_GAPS)
}
