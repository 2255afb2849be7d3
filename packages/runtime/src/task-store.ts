import type { RequestEnvelope } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'
import {
  type AskedRequest,
  type Assignment,
  type Claim,
  newTask,
  type Outcome,
  type ReleaseReason,
  type TaskState,
} from '@kafclaw/tasks'
import { createExpiryMark } from './expiry-mark.ts'
import { createRecentMap } from './recent-map.ts'

/** A task as this service knows it: what the log says, and whether its own answer is on the way. */
export interface StoredTask extends TaskState {
  /** Set in the transaction that writes the outbox row of the answer: the task is not claimed again before it is read back. */
  finished: boolean
  firstSeenMs: number
}

/**
 * Tasks in SQLite with the open ones in memory. Changes stay apart until the transaction has been committed:
 * `changed` says which, `keep` makes them the truth, `drop` forgets them.
 */
export interface TaskStore {
  get(taskId: string): StoredTask
  put(task: StoredTask): void
  /** Stores the request envelope of a place, so that a run can begin without the log. */
  putRequest(envelope: RequestEnvelope, place: string): void
  requestAt(taskId: string, place: string): RequestEnvelope | null
  /** Inside the transaction: the tasks that it has changed so far. */
  changes(): IterableIterator<StoredTask>
  /** At the end of the transaction: writes what was put. */
  flush(): void
  /** After the commit: returns the tasks that changed. */
  keep(): StoredTask[]
  drop(): void
  open(): IterableIterator<StoredTask>
  countOpen(): number
  /** The latest `expires_at` of all requests ever read, also of those forgotten since; epoch milliseconds, 0 for none. */
  latestExpiryMs(): number
  /** All of it is forgotten: the log is another one. Inside a transaction. */
  clear(): void
}

/** JSON text of the requests that are kept as objects: those that wait in a long queue are mostly among them. */
const RECENT_CHARS = 8 * 1024 * 1024

interface TaskRow {
  task_id: string
  first_seen_ms: number
  finished: number
  requests: string
  bound: string | null
  claim: string | null
  released: ReleaseReason | null
  assigned: string | null
  outcome: string | null
}

export function createTaskStore(db: Db, now: () => number): TaskStore {
  const select = db.prepare<[string], TaskRow>(
    'select task_id, first_seen_ms, finished, requests, bound, claim, released, assigned, outcome from task where task_id = ?',
  )
  const selectOpen = db.prepare<[], TaskRow>(
    `select task_id, first_seen_ms, finished, requests, bound, claim, released, assigned, outcome from task where ended_at_ms is null
       order by first_seen_ms`,
  )
  const selectEnvelope = db.prepare<[string, string], { envelope: string }>(
    'select envelope from task_request where task_id = ? and place = ?',
  )
  const writeTask = createTaskWriter(db, now)
  const insertRequest = db.prepare(
    'insert into task_request (task_id, place, envelope) values (?, ?, ?) on conflict do nothing',
  )

  const expiry = createExpiryMark(db)

  /** Requests read lately, by their places: most runs begin soon after, and need not read the file. */
  const recent = createRecentMap<string, RequestEnvelope>(RECENT_CHARS)
  const openTasks = new Map<string, StoredTask>()
  for (const row of selectOpen.all()) openTasks.set(row.task_id, toTask(row))
  let changed = new Map<string, StoredTask>()

  function toTask(row: TaskRow): StoredTask {
    return {
      taskId: row.task_id,
      firstSeenMs: row.first_seen_ms,
      finished: row.finished === 1,
      requests: parseRequests(row.requests),
      bound: row.bound,
      claim: parseOrNull<Claim>(row.claim),
      released: row.released,
      assigned: parseOrNull<Assignment>(row.assigned),
      outcome: parseOrNull<Outcome>(row.outcome),
    }
  }

  return {
    get(taskId) {
      const known = changed.get(taskId) ?? openTasks.get(taskId)
      if (known) return known
      const row = select.get(taskId)
      return row ? toTask(row) : { ...newTask(taskId), finished: false, firstSeenMs: now() }
    },
    put: (task) => void changed.set(task.taskId, task),
    putRequest(envelope, place) {
      const text = JSON.stringify(envelope)
      insertRequest.run(envelope.correlation_id, place, text)
      recent.set(place, envelope, text.length)
    },
    requestAt(taskId, place) {
      const known = recent.get(place)
      if (known) return known
      const row = selectEnvelope.get(taskId, place)
      return row ? parseEnvelope(row.envelope) : null
    },
    changes: () => changed.values(),
    flush() {
      expiry.store(changed.values())
      for (const task of changed.values()) writeTask(task, openTasks.get(task.taskId) ?? null)
    },
    keep() {
      const tasks = [...changed.values()]
      expiry.keep()
      changed = new Map()
      for (const task of tasks) {
        if (task.outcome === null) openTasks.set(task.taskId, task)
        else openTasks.delete(task.taskId)
      }
      return tasks
    },
    drop() {
      changed = new Map()
    },
    open: () => openTasks.values(),
    countOpen: () => openTasks.size,
    latestExpiryMs: expiry.latestMs,
    clear() {
      db.exec('delete from task; delete from task_request')
      expiry.clear()
      openTasks.clear()
      changed = new Map()
    },
  }
}

/** Writes a task whole, or of one that stands there only what changes mostly: its claim on the way, its outcome at the end. */
function createTaskWriter(db: Db, now: () => number): (task: StoredTask, stored: StoredTask | null) => void {
  const upsert = db.prepare(
    `insert into task (task_id, first_seen_ms, finished, requests, bound, claim, released, assigned, outcome, ended_at_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (task_id) do update set finished = excluded.finished, requests = excluded.requests, bound = excluded.bound,
       claim = excluded.claim, released = excluded.released, assigned = excluded.assigned, outcome = excluded.outcome,
       ended_at_ms = coalesce(task.ended_at_ms, excluded.ended_at_ms)`,
  )
  const progress = db.prepare(
    'update task set finished = ?, bound = ?, claim = ?, released = ?, assigned = ? where task_id = ?',
  )
  const end = db.prepare('update task set finished = ?, outcome = ?, ended_at_ms = ? where task_id = ?')
  return (task, stored) => {
    const { taskId, bound, released, requests } = task
    const finished = task.finished ? 1 : 0
    const outcome = task.outcome && JSON.stringify(task.outcome)
    const endedAtMs = task.outcome === null ? null : now()
    if (stored !== null && endedAtMs !== null && hasSameClaim(task, stored)) {
      end.run(finished, outcome, endedAtMs, taskId)
      return
    }
    const claim = task.claim && JSON.stringify(task.claim)
    const assigned = task.assigned && JSON.stringify(task.assigned)
    if (stored?.requests === requests && endedAtMs === null) {
      progress.run(finished, bound, claim, released, assigned, taskId)
      return
    }
    const asked = JSON.stringify(requests)
    upsert.run(taskId, task.firstSeenMs, finished, asked, bound, claim, released, assigned, outcome, endedAtMs)
  }
}

function hasSameClaim(task: StoredTask, stored: StoredTask): boolean {
  return (
    task.requests === stored.requests &&
    task.claim === stored.claim &&
    task.bound === stored.bound &&
    task.released === stored.released &&
    task.assigned === stored.assigned
  )
}

function parseRequests(text: string): AskedRequest[] {
  return JSON.parse(text)
}

function parseOrNull<T>(text: string | null): T | null {
  return text === null ? null : JSON.parse(text)
}

/** The row was written by this service from a decoded envelope: it needs no second check. */
function parseEnvelope(text: string): RequestEnvelope {
  return JSON.parse(text)
}
