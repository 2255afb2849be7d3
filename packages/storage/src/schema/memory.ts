import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from '../drizzle.cjs'

/**
 * A memory item as it lies on `memory.shared`, with the place that citations name. An id belongs to its topic, so that
 * nobody who may write to one zone can replace an item of another. A forgotten item keeps its place, and nothing else.
 */
export const item = sqliteTable(
  'item',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    item_id: text().notNull(),
    topic: text().notNull(),
    partition: integer().notNull(),
    offset: integer().notNull(),
    zone: text().notNull(),
    author: text().notNull(),
    title: text(),
    content: text().notNull(),
    content_type: text(),
    tags: text().notNull().default('[]'),
    labels: text().notNull().default('{}'),
    expires_at_ms: integer(),
    timestamp_ms: integer().notNull(),
    forgotten: integer().notNull().default(0),
  },
  (t) => [uniqueIndex('item_topic_item_id').on(t.topic, t.item_id), index('item_zone').on(t.zone)],
)

/** The pieces of an item that are searched; deleting one takes its keyword row and its vectors with it (a trigger). */
export const chunk = sqliteTable(
  'chunk',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    item: integer().notNull(),
    seq: integer().notNull(),
    text: text().notNull(),
  },
  (t) => [index('chunk_item').on(t.item, t.seq)],
)

/** One vector per chunk and embedding model: `dimension` float32, little endian. */
export const embedding = sqliteTable(
  'embedding',
  {
    chunk_id: integer().notNull(),
    model: text().notNull(),
    dimension: integer().notNull(),
    vector: blob({ mode: 'buffer' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.chunk_id, t.model] })],
)

export const meta = sqliteTable('meta', { name: text().primaryKey(), value: text().notNull() })
