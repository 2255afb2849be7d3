import type { RecordPlace } from '@kafclaw/envelope'
import type { OutgoingRecord } from '@kafclaw/kafka'
import type { Db } from '@kafclaw/storage'
import { type PackedRecord, packRecords, unpackRecords } from './outbox-pack.ts'
import { sendingLength } from './sending-length.ts'
import type { Timeline } from './timeline.ts'

/** A record that waits to be sent, with its row in the timeline. */
export interface OutboxEntry extends PackedRecord {
  /** The row of the outbox that holds it, with others of its transaction. */
  seq: number
}

/** Records to be sent, stored in the transaction that decided on them. */
export interface Outbox {
  /** Inside a transaction: the record is stored by `flush` at its end, and handed to the relay by `takeAdded` after the commit. */
  add(record: OutgoingRecord, timelineSeq: number, kind?: { isEnvelope: boolean }): void
  /** At the end of a transaction: stores what was added in it. */
  flush(): void
  /** What was stored since the last call. */
  takeAdded(): OutboxEntry[]
  /** The transaction was not committed. */
  rolledBack(): void
  /** Notes acknowledged records in memory; the next transaction deletes them. */
  acknowledge(acknowledged: ReadonlyArray<{ entry: OutboxEntry; place: RecordPlace }>): void
  /** Inside a transaction: deletes what was acknowledged and tells the timeline where it lies. */
  deleteAcknowledged(): void
  /** After the commit: what was acknowledged is gone for good. */
  forgetDeleted(): void
  hasAcknowledged(): boolean
  /** Sets a record aside that can never be sent. Inside a transaction. */
  park(entry: OutboxEntry, reason: string): void
  /** What an earlier process has left, oldest first. */
  load(): OutboxEntry[]
  countParked(): number
}

interface StoredRow {
  seq: number
  records: Buffer
}

/**
 * A row holds many records: what one transaction has to send. They live for milliseconds, and a row for each, its key and its
 * headers would be half of what a service writes to its disk. A row is sent again as a whole when the process dies before all of
 * it is acknowledged, so it holds no more than one sending takes.
 */
export function createOutbox(db: Db, timeline: Timeline): Outbox {
  const insert = db.prepare<[number, number, Buffer, string | null]>(
    'insert into outbox (first_timeline_seq, last_timeline_seq, records, parked) values (?, ?, ?, ?)',
  )
  const update = db.prepare<[Buffer, number]>('update outbox set records = ? where seq = ?')
  const remove = db.prepare<[number]>('delete from outbox where seq = ?')
  const select = db.prepare<[number], StoredRow>('select seq, records from outbox where seq = ?')
  const selectOpen = db.prepare<[], StoredRow>('select seq, records from outbox where parked is null order by seq')
  const selectParked = db.prepare<[], { n: number }>('select count(*) as n from outbox where parked is not null')
  let added: PackedRecord[] = []
  let stored: OutboxEntry[] = []
  let acknowledged: Array<{ entry: OutboxEntry; place: RecordPlace }> = []
  /** How many records of each row are not yet gone, as of the last commit. */
  const left = new Map<number, number>()
  /** How many of them the transaction under way lets go, and how many of `acknowledged` that takes. */
  let going = new Map<number, number>()
  let deleting = 0

  function store(records: readonly PackedRecord[], parked: string | null): number {
    const [first] = records
    const last = records.at(-1)
    if (!first || !last) return 0
    return Number(insert.run(first.timelineSeq, last.timelineSeq, packRecords(records), parked).lastInsertRowid)
  }

  /** Whether the row has gone with the last of its records. */
  function letGo(seq: number, count: number): boolean {
    const all = (going.get(seq) ?? 0) + count
    going.set(seq, all)
    const isOver = all >= (left.get(seq) ?? 0)
    if (isOver) remove.run(seq)
    return isOver
  }

  function remember(entries: readonly OutboxEntry[]): void {
    for (const [seq, count] of countRows(entries)) left.set(seq, count)
  }

  return {
    add: (record, timelineSeq, kind) => void added.push({ timelineSeq, record, isEnvelope: kind?.isEnvelope === true }),
    flush() {
      for (let from = 0; from < added.length; ) {
        const records = added.slice(from, from + sendingLength(added, from))
        const seq = store(records, null)
        for (const record of records) stored.push({ ...record, seq })
        from += records.length
      }
      added = []
    },
    takeAdded() {
      const entries = stored
      stored = []
      remember(entries)
      return entries
    },
    rolledBack() {
      added = []
      stored = []
      going = new Map()
      deleting = 0
    },
    acknowledge: (entries) => void acknowledged.push(...entries),
    deleteAcknowledged() {
      for (const { entry, place } of acknowledged) timeline.placed(entry.timelineSeq, place.offset)
      for (const [seq, count] of countRows(acknowledged.map(({ entry }) => entry))) letGo(seq, count)
      deleting = acknowledged.length
    },
    forgetDeleted() {
      if (deleting > 0) acknowledged = acknowledged.slice(deleting)
      deleting = 0
      for (const [seq, count] of going) {
        const rest = (left.get(seq) ?? 0) - count
        if (rest > 0) left.set(seq, rest)
        else left.delete(seq)
      }
      going = new Map()
    },
    hasAcknowledged: () => acknowledged.length > 0,
    park(entry, reason) {
      const row = letGo(entry.seq, 1) ? undefined : select.get(entry.seq)
      if (row) {
        const others = unpackRecords(row.records).filter(({ timelineSeq }) => timelineSeq !== entry.timelineSeq)
        update.run(packRecords(others), row.seq)
      }
      store([entry], reason)
    },
    load() {
      const entries = selectOpen
        .all()
        .flatMap(({ seq, records }) => unpackRecords(records).map((record) => ({ ...record, seq })))
      remember(entries)
      return entries
    },
    countParked: () => selectParked.get()?.n ?? 0,
  }
}

function countRows(entries: readonly OutboxEntry[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { seq } of entries) counts.set(seq, (counts.get(seq) ?? 0) + 1)
  return counts
}
