import { blob, index, integer, primaryKey, sqliteTable, text } from '../drizzle.cjs'

/** The next offset to read of each partition; moves in the transaction that stores what was read. */
export const position = sqliteTable(
  'position',
  {
    topic: text().notNull(),
    partition: integer().notNull(),
    next_offset: integer().notNull(),
    last_record_id: text(),
  },
  (t) => [primaryKey({ columns: [t.topic, t.partition] })],
)

/** Places from which a reader that knows nothing may begin, once every request before them is over (docs/decisions/fresh-start.md). */
export const bookmark = sqliteTable('bookmark', {
  noted_ms: integer().primaryKey(),
  offsets: text().notNull(),
  over_after_ms: integer().notNull(),
})

/** One row per task, folded from the log in log order. */
export const task = sqliteTable(
  'task',
  {
    task_id: text().primaryKey(),
    first_seen_ms: integer().notNull(),
    finished: integer().notNull().default(0),
    requests: text().notNull().default('[]'),
    bound: text(),
    claim: text(),
    released: text(),
    assigned: text(),
    outcome: text(),
    ended_at_ms: integer(),
  },
  (t) => [index('task_ended_at_ms').on(t.ended_at_ms)],
)

/** The request envelopes of a task; a request may be sent more than once. */
export const taskRequest = sqliteTable(
  'task_request',
  {
    task_id: text().notNull(),
    place: text().notNull(),
    envelope: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.task_id, t.place] })],
)

/** Records that wait for the relay, in the order in which they are to be published: a row for those of one transaction, one for each that is parked. */
export const outbox = sqliteTable('outbox', {
  seq: integer().primaryKey(),
  /** Rows of the timeline about these records; others may lie between them. */
  first_timeline_seq: integer().notNull(),
  last_timeline_seq: integer().notNull(),
  records: blob({ mode: 'buffer' }).notNull(),
  parked: text(),
})

/**
 * What this process saw, sent and decided, written with its effect: a row for each transaction. The view `timeline` (in the
 * migrations) has a row for each thing: seq, at_ms, kind, type, record_id, task_id, topic, partition, offset, causation_id, summary.
 */
export const timelineBatch = sqliteTable('timeline_batch', {
  /** The number of its first row; those of the next batch follow on its last. */
  first_seq: integer().primaryKey(),
  at_ms: integer().notNull(),
  /** JSON: `[[kind, type, record_id, task_id, topic, partition, offset, causation_id, summary], …]`; kind is seen, sent, decided or gap. */
  rows: text().notNull(),
  /** JSON: where records that rows of earlier batches have sent have come to lie, as `[[seq, offset], …]`. */
  places: text().notNull(),
})

/** What any service of the zone could write and this one writes when its turn by rank comes. */
export const duty = sqliteTable('duty', {
  name: text().primaryKey(),
  kind: text({ enum: ['dead_letter', 'expired', 'exhausted', 'rejected', 'copy_home'] }).notNull(),
  subject: text().notNull(),
  place: text(),
  code: text(),
  reason: text(),
})

/** Dead letters that lie on the log already, by the place of their source. */
export const deadLetter = sqliteTable('dead_letter', { source: text().primaryKey(), at_ms: integer().notNull() })

export const meta = sqliteTable('meta', { name: text().primaryKey(), value: text().notNull() })

/** Turns of a conversation that `-s <session>` goes on with. */
export const sessionTurn = sqliteTable(
  'session_turn',
  {
    session: text().notNull(),
    seq: integer().notNull(),
    task_id: text().notNull(),
    role: text().notNull(),
    content: text().notNull(),
    at_ms: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.session, t.seq] })],
)

/** The journals of the runs of this service: one row per record on `traces`; -1 is the step of `started`. */
export const runStep = sqliteTable(
  'run_step',
  {
    task_id: text().notNull(),
    attempt: integer().notNull(),
    step: integer().notNull(),
    redo: integer().notNull(),
    phase: text({ enum: ['started', 'intent', 'result', 'chunk'] }).notNull(),
    run_id: text().notNull(),
    record_id: text().notNull(),
    kind: text({ enum: ['model', 'tool', 'recall', 'delegation', 'approval'] }),
    name: text(),
    input_hash: text(),
    output: text(),
    status: text({ enum: ['completed', 'failed', 'cancelled'] }),
    usage: text(),
    citations: text(),
    at_ms: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.task_id, t.attempt, t.step, t.redo, t.phase] })],
)
