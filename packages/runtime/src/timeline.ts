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

/** The local timeline: one row for each thing seen, decided or sent, written in the transaction of its effect. */
export interface Timeline {
  /** Returns the row's number. Call it inside a transaction. */
  add(row: TimelineRow): number
  seen(envelope: Envelope, place: RecordPlace): void
  /** Fills in at which offset records that were sent have come to lie. */
  placed(rows: ReadonlyArray<{ rowNumber: number; offset: number }>): void
}

export function createTimeline(db: Db, env: Env): Timeline {
  const insert = db.prepare(
    `insert into timeline (at_ms, kind, type, record_id, task_id, topic, "partition", "offset", causation_id, summary)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  // One statement for all: calling into SQLite costs more than the update itself. A row must hardly grow by it: its page is full.
  const update = db.prepare(
    `update timeline set "offset" = value ->> 1 from json_each(?) where timeline.seq = value ->> 0`,
  )
  function add(row: TimelineRow): number {
    const { place } = row
    const result = insert.run(
      env.now(),
      row.kind,
      row.type,
      row.recordId ?? null,
      row.taskId ?? null,
      place?.topic ?? null,
      place?.partition ?? null,
      place?.offset ?? null,
      row.causationId ?? null,
      row.summary,
    )
    return Number(result.lastInsertRowid)
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
    placed(rows) {
      if (rows.length === 0) return
      update.run(JSON.stringify(rows.map(({ rowNumber, offset }) => [rowNumber, offset])))
    },
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
