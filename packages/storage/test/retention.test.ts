import { expect, it } from 'vitest'
import { type Db, deleteFinished, openDatabase } from '../src/index.ts'

const DAY_MS = 86_400_000
const NOW_MS = 100 * DAY_MS

function addTask(db: Db, taskId: string, endedAtMs: number | null): void {
  db.prepare('INSERT INTO task (task_id, first_seen_ms, ended_at_ms) VALUES (?, 1, ?)').run(taskId, endedAtMs)
  db.prepare(`INSERT INTO task_request (task_id, place, envelope) VALUES (?, 'place', '{}')`).run(taskId)
  db.prepare(
    `INSERT INTO run_step (run_id, task_id, attempt, step, redo, phase, record_id, kind, name, status, at_ms)
     VALUES (?, ?, 1, 0, 0, 'result', 'record', 'model', 'offline', 'completed', 1)`,
  ).run(`run of ${taskId}`, taskId)
  addTimeline(db, taskId, endedAtMs ?? NOW_MS)
}

function addTimeline(db: Db, taskId: string | null, atMs: number): void {
  const rows = JSON.stringify([['seen', 'request', null, taskId, null, null, null, null, '']])
  db.prepare(`INSERT INTO timeline_batch (at_ms, rows, places) VALUES (?, ?, '[]')`).run(atMs, rows)
}

function count(db: Db, table: string): number {
  return db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? Number.NaN
}

it('deletes tasks that ended long ago with all that belongs to them, and keeps open and recent ones', () => {
  using db = openDatabase(':memory:', 'state')
  addTask(db, 'old', NOW_MS - 15 * DAY_MS)
  addTask(db, 'recent', NOW_MS - 13 * DAY_MS)
  addTask(db, 'open', null)
  expect(deleteFinished(db, 14 * DAY_MS, NOW_MS)).toEqual({ tasks: 1, timelineBatches: 1, more: false })
  for (const table of ['task', 'task_request', 'run_step', 'timeline']) {
    expect(db.prepare(`SELECT DISTINCT task_id FROM ${table} ORDER BY task_id`).all()).toEqual([
      { task_id: 'open' },
      { task_id: 'recent' },
    ])
  }
})

it('deletes old timeline rows, of whatever they tell', () => {
  using db = openDatabase(':memory:', 'state')
  addTimeline(db, null, NOW_MS - 15 * DAY_MS)
  addTimeline(db, 'unknown', NOW_MS - 15 * DAY_MS)
  addTimeline(db, null, NOW_MS - 13 * DAY_MS)
  expect(deleteFinished(db, 14 * DAY_MS, NOW_MS).timelineBatches).toBe(2)
  expect(count(db, 'timeline')).toBe(1)
})

it('keeps a timeline row whose record still waits in the outbox until it is sent', () => {
  using db = openDatabase(':memory:', 'state')
  addTask(db, 'old', NOW_MS - 15 * DAY_MS)
  db.exec(
    `INSERT INTO outbox (first_timeline_seq, last_timeline_seq, records) SELECT min(seq), max(seq), x'' FROM timeline`,
  )
  expect(deleteFinished(db, 14 * DAY_MS, NOW_MS)).toEqual({ tasks: 1, timelineBatches: 0, more: false })
  db.exec('DELETE FROM outbox')
  expect(deleteFinished(db, 14 * DAY_MS, NOW_MS)).toEqual({ tasks: 0, timelineBatches: 1, more: false })
})

it('deletes in bounded batches until nothing old is left', () => {
  using db = openDatabase(':memory:', 'state')
  db.transaction(() => {
    for (let i = 0; i < 450; i++) addTask(db, `task-${i}`, NOW_MS - 15 * DAY_MS)
    for (let i = 0; i < 100; i++) addTimeline(db, null, 1)
  })
  const rounds = []
  do rounds.push(deleteFinished(db, 14 * DAY_MS, NOW_MS))
  while (rounds.at(-1)?.more)
  expect(rounds.length).toBe(3)
  expect(rounds.map((round) => round.tasks)).toEqual([200, 200, 50])
  expect([count(db, 'task'), count(db, 'timeline')]).toEqual([0, 0])
})
