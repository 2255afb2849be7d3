import type { Db } from './database.ts'

/** What one call removed; `more` says that there may be older rows left, so the caller comes again. */
export interface Deleted {
  tasks: number
  timelineRows: number
  more: boolean
}

/** Bounds one call to a few milliseconds, so that reading and claiming do not wait for it. */
const TASKS_A_BATCH = 200
const TIMELINE_ROWS_A_BATCH = 2_000

const TASK_TABLES = ['timeline', 'run_step', 'task_request', 'task'] as const

/**
 * Deletes, from a file of the family `state`, tasks that ended more than `olderThanMs` before `nowMs`, with all that
 * belongs to them, and timeline rows of that age that belong to no task still kept. One bounded batch in one
 * transaction: call it until `more` is false, with a turn of the event loop between.
 */
export function deleteFinished(db: Db, olderThanMs: number, nowMs: number): Deleted {
  const cutoffMs = nowMs - olderThanMs
  return db.transaction(() => {
    const old = db
      .prepare<[number, number], { task_id: string }>(
        `SELECT task_id FROM task WHERE state = 'ended' AND ended_at_ms < ? ORDER BY ended_at_ms LIMIT ?`,
      )
      .all(cutoffMs, TASKS_A_BATCH)
    let timelineRows = 0
    for (const { task_id } of old) {
      for (const table of TASK_TABLES) {
        const { changes } = db.prepare<[string]>(`DELETE FROM ${table} WHERE task_id = ?`).run(task_id)
        if (table === 'timeline') timelineRows += changes
      }
    }
    const loose = db
      .prepare<[number, number]>(
        `DELETE FROM timeline WHERE seq IN (
           SELECT seq FROM timeline AS t WHERE at_ms < ?
           AND NOT EXISTS (SELECT 1 FROM task WHERE task.task_id = t.task_id) ORDER BY at_ms LIMIT ?)`,
      )
      .run(cutoffMs, TIMELINE_ROWS_A_BATCH).changes
    const more = old.length === TASKS_A_BATCH || loose === TIMELINE_ROWS_A_BATCH
    return { tasks: old.length, timelineRows: timelineRows + loose, more }
  })
}
