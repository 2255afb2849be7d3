import { deriveRecordId, type RawRecord } from '@kafclaw/envelope'
import type { LogBatch } from '@kafclaw/kafka'
import type { Db } from '@kafclaw/storage'

/** Where this service stands in each partition, and the last record that it read there. */
export interface Positions {
  /** The offset to read next, or null for a partition never read. */
  next(topic: string, partition: number): number | null
  /** Whether the record before `next` is the one that was read there; true also when nothing is known of it. */
  isLastRecord(record: RawRecord): boolean
  /** Inside a transaction. */
  advance(batch: LogBatch): void
  /** Inside a transaction: takes an offset as it is, with no record to compare. */
  set(topic: string, partition: number, nextOffset: number): void
  /** Where to begin reading: one record early where that record can tell whether the log is still the one that was read. */
  readFrom(topic: string, partition: number): number | null
  isEmpty(): boolean
  /** After the commit. */
  keep(): void
  /** The transaction was not committed: nothing has moved. */
  drop(): void
  /** The cluster these positions belong to; null before the first one is kept. */
  clusterId(): string | null
  setClusterId(clusterId: string): void
  /** Inside a transaction: forgets everything. */
  clear(): void
}

interface PositionRow {
  topic: string
  partition: number
  next_offset: number
  last_record_id: string | null
}

const CLUSTER = 'cluster_id'

export function createPositions(db: Db): Positions {
  const upsert = db.prepare(
    `insert into position (topic, "partition", next_offset, last_record_id) values (?, ?, ?, ?)
     on conflict do update set next_offset = excluded.next_offset, last_record_id = excluded.last_record_id`,
  )
  const selectMeta = db.prepare<[string], { value: string }>('select value from meta where name = ?')
  const upsertMeta = db.prepare(
    'insert into meta (name, value) values (?, ?) on conflict do update set value = excluded.value',
  )
  const known = new Map<string, PositionRow>()
  for (const row of db.prepare<[], PositionRow>('select * from position').all()) known.set(keyOf(row), row)

  /** Of the transaction under way: a batch that is rolled back is taken again, and must not count as read by then. */
  let moved = new Map<string, PositionRow>()
  const find = (at: { topic: string; partition: number }) => moved.get(keyOf(at)) ?? known.get(keyOf(at))

  function store(row: PositionRow): void {
    moved.set(keyOf(row), row)
    upsert.run(row.topic, row.partition, row.next_offset, row.last_record_id)
  }

  return {
    next: (topic, partition) => find({ topic, partition })?.next_offset ?? null,
    readFrom(topic, partition) {
      const row = find({ topic, partition })
      if (!row) return null
      return row.last_record_id === null ? row.next_offset : Math.max(0, row.next_offset - 1)
    },
    isEmpty: () => known.size + moved.size === 0,
    isLastRecord(record) {
      const expected = find(record)?.last_record_id ?? null
      return expected === null || expected === deriveRecordId(record)
    },
    advance(batch) {
      const last = batch.records.at(-1)
      // Offsets behind the last record (control records, compaction) leave nothing to compare with.
      const comparable = last !== undefined && last.offset === batch.nextOffset - 1
      store({
        topic: batch.topic,
        partition: batch.partition,
        next_offset: batch.nextOffset,
        last_record_id: comparable ? deriveRecordId(last) : null,
      })
    },
    set: (topic, partition, nextOffset) => store({ topic, partition, next_offset: nextOffset, last_record_id: null }),
    keep() {
      for (const [key, row] of moved) known.set(key, row)
      moved = new Map()
    },
    drop() {
      moved = new Map()
    },
    clusterId: () => selectMeta.get(CLUSTER)?.value ?? null,
    setClusterId: (clusterId) => void upsertMeta.run(CLUSTER, clusterId),
    clear() {
      known.clear()
      moved.clear()
      db.exec('delete from position')
    },
  }
}

function keyOf(at: { topic: string; partition: number }): string {
  return `${at.topic}/${at.partition}`
}
