import type { Env } from '@kafclaw/env'
import type { Envelope, RecordPlace } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'

type TimelineKind = 'seen' | 'sent' | 'decided' | 'gap'

interface TimelineRow {
  kind: TimelineKind
  type: string
  recordId?: string | null
  taskId?: string | null
  /** Of a record that is still to be sent the offset is not known. */
  place?: (Omit<RecordPlace, 'offset'> & { offset?: number }) | null
  causationId?: string | null
  summary: string
}

/** The local timeline: one row for each thing seen, decided or sent, written in the transaction of its effect. All inside a transaction. */
export interface Timeline {
  /** Returns the row's number. `flush` writes it. */
  add(row: TimelineRow): number
  seen(envelope: Envelope, place: RecordPlace): void
  /** Tells at which offset a record that was sent has come to lie. */
  placed(rowNumber: number, offset: number): void
  /** At the end of a transaction: stores what was added in it. */
  flush(): void
  /** After the commit. */
  keep(): void
  /** The transaction was not committed. */
  drop(): void
}

/** As it is stored, in this order; what the view `timeline` makes of it stands in the migrations. */
export type PackedRow = [
  kind: TimelineKind,
  type: string,
  recordId: string | null,
  taskId: string | null,
  topic: string | null,
  partition: number | null,
  offset: number | null,
  causationId: string | null,
  summary: string,
]

/**
 * The rows of a transaction are one row of the file: a call into SQLite, its bindings and a cell of a page for each of them
 * were a third of what a task cost there.
 */
export function createTimeline(db: Db, env: Env): Timeline {
  const insert = db.prepare('insert into timeline_batch (first_seq, at_ms, rows, places) values (?, ?, ?, ?)')
  const last = db
    .prepare<[], { next: number }>(
      'select first_seq + max(1, json_array_length(rows)) as next from timeline_batch order by first_seq desc limit 1',
    )
    .get()
  let firstSeq = last?.next ?? 1
  let rows: PackedRow[] = []
  let places: Array<[seq: number, offset: number]> = []

  function add({ kind, type, recordId, taskId, place, causationId, summary }: TimelineRow): number {
    rows.push([
      kind,
      type,
      recordId ?? null,
      taskId ?? null,
      place?.topic ?? null,
      place?.partition ?? null,
      place?.offset ?? null,
      causationId ?? null,
      summary,
    ])
    return firstSeq + rows.length - 1
  }

  const hasAny = (): boolean => rows.length + places.length > 0

  function forget(): void {
    rows = []
    places = []
  }

  return {
    add,
    seen(envelope, place) {
      add({
        kind: 'seen',
        type: envelope.type,
        recordId: envelope.id,
        taskId: envelope.correlation_id,
        place,
        causationId: envelope.causation_id,
        summary: summarize(envelope),
      })
    },
    placed: (rowNumber, offset) => void places.push([rowNumber, offset]),
    flush() {
      if (hasAny()) insert.run(firstSeq, env.now(), JSON.stringify(rows), JSON.stringify(places))
    },
    keep() {
      // A batch of places alone takes a number too: it is the key of its row.
      if (hasAny()) firstSeq += Math.max(1, rows.length)
      forget()
    },
    drop: forget,
  }
}

const SUMMARY_CHARS = 120

/** One line for people: what the envelope says, short. */
export function summarize(envelope: Envelope): string {
  return oneLine(textOf(envelope))
}

function textOf(envelope: Envelope): string {
  switch (envelope.type) {
    case 'request':
      return `${envelope.payload.skill}: ${envelope.payload.content}`
    case 'response':
      return `${envelope.payload.status}: ${envelope.payload.error?.message ?? envelope.payload.content ?? ''}`
    case 'task_status': {
      const { status, attempt, text, reason } = envelope.payload
      return `${status}${attempt === null ? '' : ` attempt ${attempt}`}${reason ? ` (${reason})` : ''}${text ? `: ${text}` : ''}`
    }
    case 'announce':
      return `boot ${envelope.payload.boot} ${envelope.payload.status}`
    case 'memory':
      return envelope.payload.title ?? envelope.payload.content ?? envelope.payload.item_id
    case 'trace': {
      const { kind, name, phase, step, status } = envelope.payload
      return `step ${step ?? '-'} ${kind ?? ''} ${name ?? ''} ${phase}${status ? ` ${status}` : ''}`
    }
    case 'zone':
      return `zone ${envelope.payload.zone}: ${envelope.payload.partitions} partitions, lease ${envelope.payload.lease_ms} ms`
    case 'approval': {
      const { status, tool, happened, question } = envelope.payload
      return `${status} ${tool ?? ''} ${question ?? ''}${happened === null ? '' : happened ? 'it happened' : 'it did not happen'}`
    }
    case 'audit': {
      const { action, subject, reason } = envelope.payload
      return `${action} ${subject}${reason ? `: ${reason}` : ''}`
    }
    case 'skill':
      return `skill ${envelope.payload.skill} served by ${envelope.payload.served_by}`
  }
}

function oneLine(text: string): string {
  const line = text.length > SUMMARY_CHARS * 4 ? text.slice(0, SUMMARY_CHARS * 4) : text
  const flat = line.includes('\n') ? line.replace(/\s+/g, ' ').trim() : line
  return flat.length > SUMMARY_CHARS ? `${flat.slice(0, SUMMARY_CHARS - 1)}…` : flat
}
