import type { Db } from './database.ts'
import type { Row } from './row.ts'

/** What one call removed; `more` says that there may be older rows left, so the caller comes again. */
export interface Deleted {
  tasks: number
  timelineBatches: number
  more: boolean
}

/** Bounds one call to some milliseconds, so that reading and claiming do not wait for it. */
const TASKS_A_BATCH = 200
const TIMELINE_BATCHES_AT_ONCE = 200

const OLD_TASKS = `SELECT task_id FROM task WHERE ended_at_ms < ? ORDER BY ended_at_ms LIMIT ?`

/** A batch of which a record still waits in the outbox stays: the log is to have no record of ours without its row. */
const NOT_WAITING = `NOT EXISTS (SELECT 1 FROM outbox WHERE first_timeline_seq >= old.first_seq
  AND first_timeline_seq < old.first_seq + json_array_length(old.rows))`

/** Batches are numbered in the order of their times: only the first of them can be old, and no index by time has to be kept. */
const OLD_TIMELINE = `DELETE FROM timeline_batch WHERE first_seq IN (
  SELECT first_seq FROM (SELECT first_seq, at_ms, rows FROM timeline_batch ORDER BY first_seq LIMIT ?) AS old
  WHERE at_ms < ? AND ${NOT_WAITING})`

/**
 * Deletes, from a file of the family `state`, tasks that ended more than `olderThanMs` before `nowMs`, with all that
 * belongs to them, and the timeline of that age: no task lives so long. One bounded batch in one transaction: call it
 * until `more` is false, with a turn of the event loop between.
 */
export function deleteFinished(db: Db, olderThanMs: number, nowMs: number): Deleted {
  const cutoffMs = nowMs - olderThanMs
  return db.transaction(() => {
    const old = db
      .prepare<[number, number], Pick<Row<'state', 'task'>, 'task_id'>>(OLD_TASKS)
      .all(cutoffMs, TASKS_A_BATCH)
    const ids = JSON.stringify(old.map((row) => row.task_id))
    const ofTasks = (table: string) => `DELETE FROM ${table} WHERE task_id IN (SELECT value FROM json_each(?))`
    for (const table of ['run_step', 'task_request', 'task']) db.prepare<[string]>(ofTasks(table)).run(ids)
    const timelineBatches = db.prepare<[number, number]>(OLD_TIMELINE).run(TIMELINE_BATCHES_AT_ONCE, cutoffMs).changes
    return {
      tasks: old.length,
      timelineBatches,
      more: old.length === TASKS_A_BATCH || timelineBatches === TIMELINE_BATCHES_AT_ONCE,
    }
  })
}
