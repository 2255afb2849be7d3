import { type Envelope, headersOf, type RecordHeaders, type RecordPlace } from '@kafclaw/envelope'
import type { OutgoingRecord } from '@kafclaw/kafka'
import type { Db } from '@kafclaw/storage'
import type { Timeline } from './timeline.ts'

/** A record that waits to be sent, with its row in the outbox and in the timeline. */
export interface OutboxRow {
  seq: number
  timelineSeq: number
  record: OutgoingRecord
}

/** Records to be sent, stored in the transaction that decided on them. */
export interface Outbox {
  /** Inside a transaction: stores the record. It is handed to the relay by `takeAdded` after the commit. */
  add(record: OutgoingRecord, timelineSeq: number, kind?: { isEnvelope: boolean }): void
  /** What was added since the last call; an aborted transaction drops it by `forgetAdded`. */
  takeAdded(): OutboxRow[]
  forgetAdded(): void
  /** Notes acknowledged rows in memory; the next transaction deletes them. */
  acknowledge(rows: ReadonlyArray<{ row: OutboxRow; place: RecordPlace }>): void
  /** Inside a transaction: deletes the acknowledged rows and tells the timeline where their records lie. */
  deleteAcknowledged(): void
  /** After the commit: the acknowledged rows are gone for good. */
  forgetDeleted(): void
  hasAcknowledged(): boolean
  /** Sets a row aside that can never be sent. Inside a transaction. */
  park(row: OutboxRow, reason: string): void
  /** Rows left by an earlier process, oldest first. */
  load(): OutboxRow[]
  countParked(): number
}

interface StoredRow {
  seq: number
  timeline_seq: number
  topic: string
  partition: number
  key: Buffer | null
  value: Buffer | null
  headers: string
}

export function createOutbox(db: Db, timeline: Timeline): Outbox {
  const insert = db.prepare(
    'insert into outbox (topic, "partition", key, value, headers, timeline_seq) values (?, ?, ?, ?, ?, ?)',
  )
  const remove = db.prepare('delete from outbox where seq between ? and ? and parked is null')
  const setParked = db.prepare('update outbox set parked = ? where seq = ?')
  const selectOpen = db.prepare<[], StoredRow>('select * from outbox where parked is null order by seq')
  const selectParked = db.prepare<[], { n: number }>('select count(*) as n from outbox where parked is not null')
  let added: OutboxRow[] = []
  let acknowledged: Array<{ row: OutboxRow; place: RecordPlace }> = []
  let deleting = 0
  return {
    add(record, timelineSeq, kind) {
      const { topic, partition, key, value } = record
      // The headers of an envelope are half as long as its body and follow from it: they are not stored.
      const headers = kind?.isEnvelope ? FROM_BODY : storeHeaders(record.headers)
      const result = insert.run(topic, partition, key, value, headers, timelineSeq)
      added.push({ seq: Number(result.lastInsertRowid), timelineSeq, record })
    },
    takeAdded() {
      const rows = added
      added = []
      return rows
    },
    forgetAdded() {
      added = []
      deleting = 0
    },
    acknowledge: (rows) => void acknowledged.push(...rows),
    deleteAcknowledged() {
      timeline.placed(acknowledged.map(({ row, place }) => ({ rowNumber: row.timelineSeq, place })))
      for (const [first, last] of runsOf(acknowledged.map(({ row }) => row.seq))) remove.run(first, last)
      deleting = acknowledged.length
    },
    forgetDeleted() {
      if (deleting > 0) acknowledged = acknowledged.slice(deleting)
      deleting = 0
    },
    hasAcknowledged: () => acknowledged.length > 0,
    park: (row, reason) => void setParked.run(reason, row.seq),
    load: () =>
      selectOpen.all().map((row) => ({
        seq: row.seq,
        timelineSeq: row.timeline_seq,
        record: {
          topic: row.topic,
          partition: row.partition,
          key: row.key,
          value: row.value,
          headers: row.headers === FROM_BODY ? headersFromBody(row) : readHeaders(row.headers),
        },
      })),
    countParked: () => selectParked.get()?.n ?? 0,
  }
}

const FROM_BODY = ''

/** The body was written by this service: it is an envelope. */
function headersFromBody({ value, partition }: StoredRow): RecordHeaders {
  const envelope: Envelope = JSON.parse(value?.toString() ?? '{}')
  return headersOf(envelope, envelope.type === 'response' ? { home: partition } : {})
}

/** Headers may hold any bytes; latin1 gives each byte a character and back, and costs less than base64. */
function storeHeaders(headers: RecordHeaders): string {
  return JSON.stringify(headers.map(([name, value]) => [name, value.toString('latin1')]))
}

function readHeaders(text: string): RecordHeaders {
  const pairs: Array<[string, string]> = JSON.parse(text)
  return pairs.map(([name, value]) => [name, Buffer.from(value, 'latin1')] as const)
}

/** Acknowledged rows mostly follow one another: each unbroken run of numbers, so that one statement deletes it. */
function runsOf(numbers: readonly number[]): Array<[first: number, last: number]> {
  const runs: Array<[number, number]> = []
  for (const number of numbers) {
    const current = runs.at(-1)
    if (current && current[1] === number - 1) current[1] = number
    else runs.push([number, number])
  }
  return runs
}
