import type { Db } from '@kafclaw/storage'
import type { FoundChunk } from './found-chunk.ts'
import type { ItemFilter } from './item-filter.ts'
import type { VectorTable } from './vector-cache.ts'

export interface VectorQuery {
  readonly vector: Float32Array
  readonly filter: ItemFilter
  readonly limit: number
  /** Rows that are not nearer than this are no hits. */
  readonly leastSimilarity: number
}

/** How many more rows than asked for are looked at before the filter is worked out for all items. */
const SPARE = 20

/**
 * Finds the chunks whose vectors are nearest to the query's, nearest first, by comparing it with all of them. The filter
 * comes before the ranking; as long as enough of the nearest pass it, it is asked for these alone.
 */
export function searchVectors(db: Db, table: VectorTable, query: VectorQuery): FoundChunk[] {
  const { filter, limit } = query
  const alive = db.prepare<unknown[], unknown>(
    `SELECT 1 FROM chunk c JOIN item i ON i.id = c.item WHERE c.id = ? AND ${filter.sql}`,
  )
  const pool = nearestRows(table, { ...query, limit: limit * SPARE }, () => true)
  const passing: number[] = []
  for (const row of pool) {
    if (passing.length === limit) break
    if (alive.get(table.chunkIds[row], ...filter.params) !== undefined) passing.push(row)
  }
  if (passing.length === limit || pool.length < limit * SPARE) return toChunks(table, passing)
  const allowed = new Set(
    db
      .prepare<unknown[], { id: number }>(`SELECT c.id FROM chunk c JOIN item i ON i.id = c.item WHERE ${filter.sql}`)
      .all(...filter.params)
      .map((row) => row.id),
  )
  return toChunks(
    table,
    nearestRows(table, query, (row) => allowed.has(table.chunkIds[row] ?? 0)),
  )
}

/** The nearest rows, nearest first. */
function nearestRows(table: VectorTable, query: VectorQuery, allows: (row: number) => boolean): number[] {
  const rows: number[] = []
  const similarities: number[] = []
  let least = query.leastSimilarity
  for (let row = 0; row < table.rows; row++) {
    const similarity = dot(table, row, query.vector)
    if (similarity <= least || !allows(row)) continue
    const at = placeFor(similarities, similarity)
    rows.splice(at, 0, row)
    similarities.splice(at, 0, similarity)
    if (rows.length > query.limit) {
      rows.pop()
      similarities.pop()
    }
    if (rows.length === query.limit) least = similarities.at(-1) ?? least
  }
  return rows
}

/** Binary search in a list that falls: behind all that are as high. */
function placeFor(similarities: readonly number[], similarity: number): number {
  let low = 0
  let high = similarities.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((similarities[middle] ?? 0) >= similarity) low = middle + 1
    else high = middle
  }
  return low
}

/** Cosine similarity, because all vectors have the length 1. */
function dot(table: VectorTable, row: number, query: Float32Array): number {
  const { vectors, dimension } = table
  const start = row * dimension
  let sum = 0
  for (let at = 0; at < dimension; at++) sum += (vectors[start + at] ?? 0) * (query[at] ?? 0)
  return sum
}

function toChunks(table: VectorTable, rows: readonly number[]): FoundChunk[] {
  return rows.map((row) => ({ chunkId: table.chunkIds[row] ?? 0, item: table.items[row] ?? 0 }))
}
