import { blob, integer, primaryKey, sqliteTable, text } from '../drizzle.cjs'

export const topic = sqliteTable('topic', {
  name: text().primaryKey(),
  partitions: integer().notNull(),
  configs: text().notNull().default('{}'),
  created_ms: integer().notNull(),
})

/** The log itself; its migration makes it WITHOUT ROWID, so that a partition is read as one run of pages. */
export const record = sqliteTable(
  'record',
  {
    topic: text().notNull(),
    partition: integer().notNull(),
    offset: integer().notNull(),
    timestamp_ms: integer().notNull(),
    key: blob({ mode: 'buffer' }),
    value: blob({ mode: 'buffer' }),
    headers: text().notNull().default('[]'),
  },
  (t) => [primaryKey({ columns: [t.topic, t.partition, t.offset] })],
)

/** First kept and next free offset of each partition. */
export const head = sqliteTable(
  'head',
  {
    topic: text().notNull(),
    partition: integer().notNull(),
    start_offset: integer().notNull().default(0),
    next_offset: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.topic, t.partition] })],
)

/** Offsets that were committed under the name of a consumer group. */
export const groupOffset = sqliteTable(
  'group_offset',
  {
    group_name: text().notNull(),
    topic: text().notNull(),
    partition: integer().notNull(),
    offset: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.group_name, t.topic, t.partition] })],
)

export const meta = sqliteTable('meta', { name: text().primaryKey(), value: text().notNull() })
