import type { Db } from '@kafclaw/storage'
import { dimensionOf, type VectorSpace } from '../embed/vector-space.ts'

/** All vectors of a space in one array, row after row, with the chunk and item of each row. */
export interface VectorTable {
  readonly space: VectorSpace
  readonly dimension: number
  rows: number
  vectors: Float32Array
  chunkIds: Float64Array
  items: Float64Array
}

interface VectorRow {
  readonly chunkId: number
  readonly item: number
  readonly vector: Buffer
}

const SMALLEST_CAPACITY = 256
/** Rows of deleted chunks are only passed over; when there are so many of them, the table is read anew. */
const MOST_DEAD_ROWS = 1000

/**
 * Keeps the vectors of a database in memory, because reading 100,000 of them takes longer than comparing them. Vectors
 * are added in the order of their chunk ids, so what is new lies above the last one read.
 */
export function createVectorCache(db: Db): (space: VectorSpace) => VectorTable {
  let table: VectorTable | undefined
  let seen = ''
  return (space) => {
    const state = stateOf(db)
    if (table?.space === space && seen === state) return table
    if (table?.space !== space) table = emptyTable(space)
    readNewer(db, table)
    const stored = countVectors(db, space)
    if (table.rows < stored || table.rows > stored + Math.max(MOST_DEAD_ROWS, stored / 4)) {
      table = emptyTable(space)
      readNewer(db, table)
    }
    seen = state
    return table
  }
}

/** Changes whenever the file does: by other connections (data_version) or by this one (total_changes). */
function stateOf(db: Db): string {
  const own = db.prepare<[], { n: number }>('SELECT total_changes() AS n').get()?.n
  return `${String(db.pragma('data_version'))}/${own}`
}

function countVectors(db: Db, space: VectorSpace): number {
  return db.prepare<[string], { n: number }>('SELECT count(*) AS n FROM embedding WHERE model = ?').get(space)?.n ?? 0
}

function readNewer(db: Db, table: VectorTable): void {
  const after = table.rows === 0 ? 0 : (table.chunkIds[table.rows - 1] ?? 0)
  const rows = db.prepare<[number, string], VectorRow>(
    'SELECT e.chunk_id AS chunkId, c.item AS item, e.vector FROM embedding e JOIN chunk c ON c.id = e.chunk_id WHERE e.chunk_id > ? AND e.model = ? ORDER BY e.chunk_id',
  )
  for (const row of rows.iterate(after, table.space)) addRow(table, row)
}

function addRow(table: VectorTable, row: VectorRow): void {
  if (row.vector.byteLength !== table.dimension * Float32Array.BYTES_PER_ELEMENT) return
  if (table.rows === table.chunkIds.length) grow(table)
  const bytes = new Uint8Array(table.vectors.buffer, table.rows * row.vector.byteLength, row.vector.byteLength)
  bytes.set(row.vector)
  table.chunkIds[table.rows] = row.chunkId
  table.items[table.rows] = row.item
  table.rows += 1
}

function emptyTable(space: VectorSpace): VectorTable {
  const dimension = dimensionOf(space)
  return {
    space,
    dimension,
    rows: 0,
    vectors: new Float32Array(0),
    chunkIds: new Float64Array(0),
    items: new Float64Array(0),
  }
}

function grow(table: VectorTable): void {
  const capacity = Math.max(SMALLEST_CAPACITY, table.chunkIds.length * 2)
  const { vectors, chunkIds, items } = table
  table.vectors = new Float32Array(capacity * table.dimension)
  table.vectors.set(vectors)
  table.chunkIds = new Float64Array(capacity)
  table.chunkIds.set(chunkIds)
  table.items = new Float64Array(capacity)
  table.items.set(items)
}
