import { blob, index, integer, primaryKey, sqliteTable, text } from '../drizzle.cjs'

/** A memory item as it lies on `memory.shared`, with the place that citations name. */
export const item = sqliteTable(
  'item',
  {
    item_id: text().primaryKey(),
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
  },
  (t) => [index('item_expires_at_ms').on(t.expires_at_ms)],
)

/** The pieces of an item that are searched; deleting one takes its keyword row and its vectors with it (a trigger). */
export const chunk = sqliteTable(
  'chunk',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    item_id: text().notNull(),
    seq: integer().notNull(),
    text: text().notNull(),
  },
  (t) => [index('chunk_item_id').on(t.item_id, t.seq)],
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
