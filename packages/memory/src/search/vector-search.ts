import type { Db } from '@kafclaw/storage'
import type { FoundChunk } from './found-chunk.ts'
import type { ItemFilter } from './item-filter.ts'
import type { VectorTable } from './vector-cache.ts'

/** Finds the chunks whose vectors are nearest to the query's, nearest first, by comparing it with all of them. */
export function searchVectors(options: {
  db: Db
  table: VectorTable
  query: Float32Array
  filter: ItemFilter
  limit: number
}): FoundChunk[] {
  const { db, table, query, filter, limit } = options
  const allowed = new Set(
    db
      .prepare<unknown[], { id: number }>(`SELECT i.id FROM item i WHERE ${filter.sql}`)
      .all(...filter.params)
      .map((row) => row.id),
  )
  const best: { row: number; similarity: number }[] = []
  let worstKept = 0
  for (let row = 0; row < table.rows; row++) {
    const similarity = dot(table, row, query)
    // A similarity of zero or less is none.
    if (similarity <= worstKept || !allowed.has(table.items[row] ?? 0)) continue
    best.splice(best.findIndex((other) => other.similarity < similarity) >>> 0, 0, { row, similarity })
    if (best.length > limit) best.pop()
    if (best.length === limit) worstKept = best.at(-1)?.similarity ?? 0
  }
  // The table may still hold rows of chunks that were replaced.
  const alive = db.prepare<[number], unknown>('SELECT 1 FROM chunk WHERE id = ?')
  return best
    .map(({ row }) => ({ chunkId: table.chunkIds[row] ?? 0, item: table.items[row] ?? 0 }))
    .filter(({ chunkId }) => alive.get(chunkId) !== undefined)
}

/** Cosine similarity, because all vectors have the length 1. */
function dot(table: VectorTable, row: number, query: Float32Array): number {
  const { vectors, dimension } = table
  const start = row * dimension
  let sum = 0
  for (let at = 0; at < dimension; at++) sum += (vectors[start + at] ?? 0) * (query[at] ?? 0)
  return sum
}
