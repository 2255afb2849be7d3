import { wordsOf } from '@kafclaw/llm'
import type { Db } from '@kafclaw/storage'
import { CHUNKER, chunkText } from './chunk-text.ts'
import type { ForgottenItem, MemoryItem } from './memory-item.ts'

export interface ItemStore {
  put(item: MemoryItem): boolean
  forget(item: ForgottenItem): boolean
}

/**
 * Keeps items, their chunks and the words of these in step. Of one item on one topic the record with the highest offset
 * holds, tombstones included; the same record twice, or an older one later, changes nothing.
 */
export function createItemStore(db: Db): ItemStore {
  const upsert = db.prepare<unknown[], { id: number }>(`
    INSERT INTO item (item_id, topic, partition, offset, zone, author, title, content, content_type, tags, labels, expires_at_ms, timestamp_ms, forgotten)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (topic, item_id) DO UPDATE SET partition = excluded.partition, offset = excluded.offset, zone = excluded.zone,
      author = excluded.author, title = excluded.title, content = excluded.content, content_type = excluded.content_type,
      tags = excluded.tags, labels = excluded.labels, expires_at_ms = excluded.expires_at_ms,
      timestamp_ms = excluded.timestamp_ms, forgotten = excluded.forgotten
    WHERE excluded.offset > item.offset
    RETURNING id`)

  // A row comes back only when it was written, so an empty answer means that a newer record holds.
  const write = (item: MemoryItem, forgotten: 0 | 1): boolean =>
    db.transaction(() => {
      const row = upsert.get(
        ...[item.itemId, item.topic, item.partition, item.offset, item.zone, item.author, item.title, item.content],
        ...[item.contentType, JSON.stringify(item.tags), JSON.stringify(item.labels)],
        ...[item.expiresAtMs, item.timestampMs, forgotten],
      )
      if (!row) return false
      db.prepare('DELETE FROM chunk WHERE item = ?').run(row.id)
      if (forgotten === 0) insertChunks(db, row.id, item)
      return true
    })

  rechunk(db)
  return {
    put: (item) => write(item, 0),
    forget: (item) => write({ ...item, ...NOTHING }, 1),
  }
}

/** What is left of a forgotten item beside its id and place. */
const NOTHING = {
  zone: '',
  author: '',
  title: null,
  content: '',
  contentType: null,
  tags: [],
  labels: {},
  expiresAtMs: null,
  timestampMs: 0,
}

function insertChunks(db: Db, id: number, item: Pick<MemoryItem, 'title' | 'content'>): void {
  const insert = db.prepare('INSERT INTO chunk (item, seq, text) VALUES (?, ?, ?)')
  const index = db.prepare('INSERT INTO chunk_fts (rowid, title, text) VALUES (?, ?, ?)')
  const title = item.title ?? ''
  // An item without content of its own can still be found by its title.
  const texts = item.content.trim() === '' ? chunkText(title) : chunkText(item.content)
  texts.forEach((text, seq) => {
    const { lastInsertRowid } = insert.run(id, seq, text)
    index.run(lastInsertRowid, wordsOf(title).join(' '), wordsOf(text).join(' '))
  })
}

/** An index whose chunks were cut in another way is cut anew, at once, from the items it keeps. */
function rechunk(db: Db): void {
  db.transaction(() => {
    const row = db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE name = 'chunker'`).get()
    if (row?.value === CHUNKER) return
    db.exec('DELETE FROM chunk')
    const items = db
      .prepare<[], { id: number; title: string | null; content: string }>(
        'SELECT id, title, content FROM item WHERE forgotten = 0',
      )
      .all()
    for (const item of items) insertChunks(db, item.id, item)
    db.prepare(
      `INSERT INTO meta (name, value) VALUES ('chunker', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    ).run(CHUNKER)
  })
}
