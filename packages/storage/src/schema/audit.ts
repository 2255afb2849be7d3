import { blob, index, integer, primaryKey, sqliteTable, text } from '../drizzle.cjs'

/** Every record of the group, byte for byte, under its place. */
export const record = sqliteTable(
  'record',
  {
    topic: text().notNull(),
    partition: integer().notNull(),
    offset: integer().notNull(),
    timestamp_ms: integer().notNull(),
    id: text(),
    type: text(),
    sender_id: text(),
    recipient_id: text(),
    correlation_id: text(),
    causation_id: text(),
    trace_id: text(),
    span_id: text(),
    parent_span_id: text(),
    key: blob({ mode: 'buffer' }),
    value: blob({ mode: 'buffer' }),
    headers: text().notNull().default('[]'),
    summary: text().notNull().default(''),
  },
  (t) => [
    primaryKey({ columns: [t.topic, t.partition, t.offset] }),
    index('record_id').on(t.id),
    index('record_correlation_id').on(t.correlation_id),
    index('record_causation_id').on(t.causation_id),
    index('record_span_id').on(t.span_id),
  ],
)

/** Why a record exists: from the record to what it came from, named by id or, where only that is known, by place. */
export const edge = sqliteTable(
  'edge',
  {
    kind: text({ enum: ['causation', 'parent_task', 'span', 'citation', 'request', 'dead_letter'] }).notNull(),
    from_id: text().notNull(),
    to_id: text(),
    to_topic: text(),
    to_partition: integer(),
    to_offset: integer(),
  },
  (t) => [
    index('edge_from_id').on(t.from_id),
    index('edge_to_id').on(t.to_id),
    index('edge_to_place').on(t.to_topic, t.to_partition, t.to_offset),
  ],
)

/** Offsets that were never delivered, from `from_offset` up to but not including `to_offset`. */
export const gap = sqliteTable(
  'gap',
  {
    topic: text().notNull(),
    partition: integer().notNull(),
    from_offset: integer().notNull(),
    to_offset: integer().notNull(),
    at_ms: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.topic, t.partition, t.from_offset] })],
)

/** How far each partition has been stored. */
export const coverage = sqliteTable(
  'coverage',
  {
    topic: text().notNull(),
    partition: integer().notNull(),
    next_offset: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.topic, t.partition] })],
)

/** What else is known of the log that was read, such as its cluster id. */
export const meta = sqliteTable('meta', { name: text().primaryKey(), value: text().notNull() })
