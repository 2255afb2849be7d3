import type { Db } from '@kafclaw/storage'

/** A row of the view `timeline`. */
interface ViewRow {
  seq: number
  at_ms: number
  kind: string
  type: string
  record_id: string | null
  task_id: string | null
  topic: string | null
  partition: number | null
  offset: number | null
  causation_id: string | null
  summary: string
}

/** Forges the timeline of a file that nobody has open: each row becomes what `change` makes of it, or goes with null. */
export function rewriteTimeline(db: Db, change: (row: ViewRow) => ViewRow | null): void {
  const insert = db.prepare(`insert into timeline_batch (first_seq, at_ms, rows, places) values (?, ?, ?, '[]')`)
  const rows = db.prepare<[], ViewRow>('select * from timeline order by seq').all()
  db.transaction(() => {
    db.exec('delete from timeline_batch')
    for (const { seq, at_ms, kind, type, ...row } of rows.flatMap((row) => change(row) ?? [])) {
      const packed = [kind, type, row.record_id, row.task_id, row.topic, row.partition, row.offset, row.causation_id]
      insert.run(seq, at_ms, JSON.stringify([[...packed, row.summary]]))
    }
  })
}
