import { contentWords, stemOf, wordsOf } from '@kafclaw/llm'
import type { Db } from '@kafclaw/storage'
import type { FoundChunk } from './found-chunk.ts'
import type { ItemFilter } from './item-filter.ts'

const MOST_WORDS = 64

/** Finds chunks by their words, best first by bm25; each word may be missing, and an English word matches its forms. */
export function searchText(
  db: Db,
  query: string,
  { filter, limit }: { filter: ItemFilter; limit: number },
): FoundChunk[] {
  const match = toMatch(query)
  if (match === null) return []
  const sql = `SELECT c.id AS chunkId, c.item AS item FROM chunk_fts f
    JOIN chunk c ON c.id = f.rowid JOIN item i ON i.id = c.item
    WHERE chunk_fts MATCH ? AND ${filter.sql}
    ORDER BY bm25(chunk_fts), c.id DESC LIMIT ?`
  return db.prepare<unknown[], FoundChunk>(sql).all(match, ...filter.params, limit)
}

/**
 * The FTS5 expression for a text. Words consist of letters, marks and digits and are quoted, so nothing that a user
 * writes can be read as query syntax. Null when there is no word in it.
 */
export function toMatch(query: string): string | null {
  const content = contentWords(query)
  // Who asks with stop words only gets what has these.
  const words = (content.length > 0 ? content : [...new Set(wordsOf(query))]).slice(0, MOST_WORDS)
  if (words.length === 0) return null
  // A word counts twice when it is there as it was written.
  const terms = words.flatMap((word) => (stemOf(word) === word ? [`"${word}"`] : [`"${word}"`, `"${stemOf(word)}"*`]))
  return terms.join(' OR ')
}
