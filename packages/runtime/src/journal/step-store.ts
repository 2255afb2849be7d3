import { AppError, type TraceEnvelope } from '@kafclaw/envelope'
import type { Db, Row } from '@kafclaw/storage'
import { unpackRecords } from '../outbox-pack.ts'
import type { PackedRow } from '../timeline.ts'
import type { StepRecord } from './step-record.ts'

/** The journals of this service's own runs, beside what lies on `traces`: on the same host a run is read from here. */
export interface StepStore {
  /**
   * Inside the transaction that puts the record into the outbox, or after a takeover has read it; `flush` writes it. A record that
   * is there stays.
   */
  add(taskId: string, record: StepRecord): void
  /**
   * Inside the transaction that answers the task: what it has added is not written where that is the journal from its beginning.
   * Most short runs are like that, and nobody goes on with them; whoever must after all, because the answer was refused, finds the
   * journal on the log.
   */
  answered(taskId: string, runId: string): void
  /** At the end of a transaction: stores what was added in it. */
  flush(): void
  /** The transaction was not committed. */
  rolledBack(): void
  /** Inside a transaction: what is here of the task is not what the log says. */
  forget(taskId: string): void
  /** Whether the journal of this run is here as a whole: its own records, and those of the runs before it. */
  hasRun(taskId: string, runId: string): boolean
  /** All records of the task that are here, in the order in which they were written. */
  of(taskId: string): StepRecord[]
  /**
   * The offset in the home partition of the task before which everything that this service has written of it is here, as of the
   * start of the process. Null where nothing is known.
   */
  sentBefore(taskId: string): number | null
}

type StepRow = Row<'state', 'runStep'>

const NO_STEP = -1

export function createStepStore(db: Db, topic: string): StepStore {
  const insert = db.prepare(
    `insert into run_step (task_id, attempt, step, redo, phase, run_id, record_id, kind, name, input_hash, output, status, usage,
       citations, at_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
  )
  const select = db.prepare<[string], StepRow>(
    // Of one step and redo the intent comes before the result.
    'select * from run_step where task_id = ? order by attempt, step, redo, phase',
  )
  const selectRun = db.prepare<[string, string], { n: number }>(
    'select 1 as n from run_step where task_id = ? and run_id = ? limit 1',
  )
  const remove = db.prepare<[string]>('delete from run_step where task_id = ?')
  const isSure = forgetUnsent(db, topic)
  const sent = readSent(db, topic)
  let added = new Map<string, StepRecord[]>()

  function write(taskId: string, record: StepRecord): void {
    insert.run(
      taskId,
      record.attempt,
      record.step ?? NO_STEP,
      record.redo,
      record.phase,
      record.runId,
      record.recordId,
      record.kind,
      record.name,
      record.inputHash,
      record.output === null || record.output === undefined ? null : JSON.stringify(record.output),
      record.status,
      record.usage && JSON.stringify(record.usage),
      record.citations.length === 0 ? null : JSON.stringify(record.citations),
      record.atMs,
    )
  }

  return {
    forget(taskId) {
      added.delete(taskId)
      remove.run(taskId)
    },
    add(taskId, record) {
      const records = added.get(taskId)
      if (records) records.push(record)
      else added.set(taskId, [record])
    },
    answered(taskId, runId) {
      if (added.get(taskId)?.some((record) => record.runId === runId && isFirstOfAll(record))) added.delete(taskId)
    },
    flush() {
      for (const [taskId, records] of added) for (const record of records) write(taskId, record)
      added = new Map()
    },
    rolledBack() {
      added = new Map()
    },
    hasRun: (taskId, runId) => isSure && selectRun.get(taskId, runId) !== undefined,
    of: (taskId) => select.all(taskId).map(toRecord),
    sentBefore: (taskId) => sent.get(taskId) ?? null,
  }
}

/** Before it the task has no journal: the intent of its first step, or the result where that has none. */
function isFirstOfAll({ attempt, step, redo, phase, idempotencyKey }: StepRecord): boolean {
  return attempt === 1 && step === 0 && redo === 0 && (phase === 'intent' || idempotencyKey === null)
}

/**
 * What an earlier process has not seen sent is sent now, and read on the log. It cannot tell how far the rows reach: a file that
 * was put back from a copy sends it a second time, behind what it does not know of. False when the disk takes no change.
 */
function forgetUnsent(db: Db, topic: string): boolean {
  const unsent = db
    .prepare<[], { records: Buffer }>('select records from outbox')
    .all()
    .flatMap(({ records }) => unpackRecords(records))
    .filter(({ record, isEnvelope }) => isEnvelope && record.topic === topic)
    .map(({ record }): Pick<TraceEnvelope, 'id' | 'correlation_id'> => JSON.parse(String(record.value)))
  const select = db.prepare<[string], Pick<StepRow, 'attempt' | 'step' | 'redo' | 'phase' | 'record_id'>>(
    'select attempt, step, redo, phase, record_id from run_step where task_id = ?',
  )
  const remove = db.prepare(
    'delete from run_step where task_id = ? and attempt = ? and step = ? and redo = ? and phase = ?',
  )
  try {
    for (const [taskId, records] of Map.groupBy(unsent, ({ correlation_id }) => correlation_id)) {
      const ids = new Set(records.map(({ id }) => id))
      const rows = select.all(taskId).filter((row) => ids.has(row.record_id))
      db.transaction(() => {
        for (const { attempt, step, redo, phase } of rows) remove.run(taskId, attempt, step, redo, phase)
      })
    }
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'KC_STORAGE_FULL') return false
    throw error
  }
}

/** Looked for in the newest rows only: what is not found there is read from where the journal begins. */
const NEWEST_ROWS = 20_000

function readSent(db: Db, topic: string): ReadonlyMap<string, number> {
  const kept = db
    .prepare<[], { task_id: string; first_seen_ms: number; record_id: string }>(
      `select task.task_id, first_seen_ms, record_id from task join run_step on run_step.task_id = task.task_id
       where ended_at_ms is null`,
    )
    .all()
  const next = new Map<string, number>()
  if (kept.length === 0) return next
  const taskOf = new Map(kept.map(({ record_id, task_id }) => [record_id, task_id]))
  const sinceMs = kept.reduce((least, { first_seen_ms }) => Math.min(least, first_seen_ms), Infinity)
  const places = new Map<number, number>()
  let read = 0
  // From the newest back: where a record lies is told in a batch behind that of its row.
  const newest = db.prepare<[], Row<'state', 'timelineBatch'>>('select * from timeline_batch order by first_seq desc')
  for (const batch of newest.iterate()) {
    if (batch.at_ms < sinceMs || read >= NEWEST_ROWS) break
    const rows: PackedRow[] = JSON.parse(batch.rows)
    const told: Array<[seq: number, offset: number]> = JSON.parse(batch.places)
    for (const [seq, offset] of told) places.set(seq, offset)
    for (const [index, [, , recordId, , ofTopic, , ofRow]] of rows.entries()) {
      const taskId = recordId === null || ofTopic !== topic ? undefined : taskOf.get(recordId)
      const offset = ofRow ?? places.get(batch.first_seq + index)
      if (taskId !== undefined && offset !== undefined) next.set(taskId, Math.max(next.get(taskId) ?? 0, offset + 1))
    }
    read += rows.length
  }
  return next
}

/** The row was written by `add`: what it holds as JSON needs no second check. */
function toRecord(row: StepRow): StepRecord {
  return {
    recordId: row.record_id,
    attempt: row.attempt,
    runId: row.run_id,
    phase: row.phase,
    step: row.step === NO_STEP ? null : row.step,
    redo: row.redo,
    kind: row.kind,
    name: row.name,
    inputHash: row.input_hash,
    idempotencyKey: null,
    output: parse(row.output),
    // The rows hold every output whole.
    outputRef: null,
    chunk: null,
    status: row.status,
    usage: row.usage === null ? null : JSON.parse(row.usage),
    citations: row.citations === null ? [] : JSON.parse(row.citations),
    startedMs: null,
    endedMs: null,
    atMs: row.at_ms,
  }
}

function parse(text: string | null): unknown {
  return text === null ? null : JSON.parse(text)
}
