import type { Env } from '@kafclaw/env'
import type { Embedder } from '@kafclaw/llm'
import type { Db } from '@kafclaw/storage'
import { createEmbeddingQueue } from './embed/embedding-queue.ts'
import { modelOf, readActiveSpace } from './embed/vector-space.ts'
import { createItemStore } from './item-store.ts'
import type { ForgottenItem, MemoryItem } from './memory-item.ts'
import { createPositions, type Positions } from './positions.ts'
import type { Recall } from './recall.ts'
import { createHybridSearch } from './search/hybrid-search.ts'

export interface MemoryIndex extends Recall {
  /** Stores the item and its words, at once; false when this or a newer record of the item was stored before. */
  put(item: MemoryItem): boolean
  /** Erases the item; false when a newer record of it was stored before. */
  forget(item: ForgottenItem): boolean
  /** Gives new chunks their vectors, and all chunks after the model changed. Call it after `put`, outside transactions. */
  embedPending(signal?: AbortSignal): Promise<number>
  /** True until all vectors are those of the configured model; searches use the earlier ones meanwhile. */
  needsReindex(): boolean
  /** How far each topic was read; lies in the same file, so a lost file is read anew. */
  readonly positions: Positions
  /** One transaction around several puts, forgets and positions. */
  transaction<T>(fn: () => T): T
  /** Forgets everything, positions included: for a log that is another one than before. */
  reset(): void
  counts(): { items: number; chunks: number; pending: number }
}

export interface MemoryIndexOptions {
  /** An open database of the family `memory`; the caller closes it. */
  readonly db: Db
  readonly embedder: Embedder
  readonly env: Pick<Env, 'nextTurn'>
  /** Hears why a search had to do without vectors. */
  onDegraded?(reason: unknown): void
}

/** The index of shared memory: what one agent may recall, searched by words and by vectors. One process writes it. */
export function createMemoryIndex(options: MemoryIndexOptions): MemoryIndex {
  const { db, embedder } = options
  const store = createItemStore(db)
  const queue = createEmbeddingQueue(options)
  const { search } = createHybridSearch(options)
  const counts = db.prepare<[], { items: number; chunks: number }>(
    'SELECT (SELECT count(*) FROM item WHERE forgotten = 0) AS items, (SELECT count(*) FROM chunk) AS chunks',
  )
  return {
    search,
    put: store.put,
    forget: store.forget,
    embedPending: queue.run,
    needsReindex() {
      const space = readActiveSpace(db)
      return queue.countPending() > 0 || (space !== null && modelOf(space) !== embedder.model)
    },
    positions: createPositions(db),
    transaction: (fn) => db.transaction(fn),
    reset: () =>
      db.transaction(() =>
        db.exec(`DELETE FROM chunk; DELETE FROM item; DELETE FROM meta WHERE name LIKE 'position/%'`),
      ),
    counts: () => ({ items: 0, chunks: 0, ...counts.get(), pending: queue.countPending() }),
  }
}
