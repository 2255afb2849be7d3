import { statSync } from 'node:fs'
import { AppError } from '@kafclaw/envelope'
import type { Embedder } from '@kafclaw/llm'
import { type Db, openDatabase } from '@kafclaw/storage'
import { awaitIndex, type MemoryEnds } from './await-index.ts'
import { createPositions, type Positions } from './positions.ts'
import type { Recall } from './recall.ts'
import { createHybridSearch } from './search/hybrid-search.ts'

export interface FileRecallOptions {
  /** Path of the `memory.db` that an indexer on this machine writes. */
  readonly path: string
  readonly embedder: Embedder
  /** Hears why a search had to do without vectors. */
  onDegraded?(reason: unknown): void
  /** When given, a search waits a moment until the indexer has read what was shared before it. */
  readonly upTo?: MemoryEnds
}

export interface FileRecall extends Recall, Disposable {}

interface OpenFile {
  readonly db: Db
  readonly inode: number
  readonly recall: Recall
  readonly positions: Positions
}

/**
 * Searches the file of an indexer that runs in another process, without writing to it. The file is opened at the first
 * search, and again when another one lies under its path. KC_MEMORY_FAILED (worth another try) while there is none.
 */
export function createFileRecall(options: FileRecallOptions): FileRecall {
  let open: OpenFile | undefined

  function current(): OpenFile {
    const inode = inodeOf(options.path)
    if (open?.inode === inode) return open
    open?.db.close()
    open = undefined
    const db = openDatabase(options.path, 'memory', { readOnly: true })
    open = { db, inode, recall: createHybridSearch({ ...options, db }), positions: createPositions(db) }
    return open
  }

  /** Null while there is no file, or one that its indexer is still making. */
  function positions(): Positions | null {
    try {
      return current().positions
    } catch {
      // The search that follows says what is wrong, if it still is.
      return null
    }
  }

  return {
    async search(query, signal) {
      if (options.upTo) await awaitIndex(options.upTo, positions, signal)
      return current().recall.search(query, signal)
    },
    [Symbol.dispose]() {
      open?.db.close()
      open = undefined
    },
  }
}

function inodeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats) return stats.ino
  throw new AppError(
    'KC_MEMORY_FAILED',
    `There is no memory index at ${path} yet. Start its memory-indexer, or check KAFCLAW_MEMORY_DB.`,
  )
}
