import type { Embedder } from '@kafclaw/llm'
import type { Db } from '@kafclaw/storage'
import { createHashEmbedder, HASH_LEAST_SIMILARITY, HASH_MODEL } from '../embed/hash-embedder.ts'
import { dimensionOf, modelOf, readActiveSpace, type VectorSpace } from '../embed/vector-space.ts'
import type { Recall, RecalledItem, RecallQuery } from '../recall.ts'
import type { FoundChunk } from './found-chunk.ts'
import { type FusedItem, fuseRanks } from './fuse-ranks.ts'
import { type ItemFilter, toItemFilter } from './item-filter.ts'
import { searchText } from './text-search.ts'
import { createVectorCache } from './vector-cache.ts'
import { searchVectors } from './vector-search.ts'

export interface HybridSearchOptions {
  readonly db: Db
  /** The configured embedder; the vectors of `hash-v1` can always be searched, whatever is configured. */
  readonly embedder: Embedder
  /** Hears why vectors were left out of a search, which then answers by words alone. */
  onDegraded?(reason: unknown): void
}

const DEFAULT_LIMIT = 5
const MOST_ITEMS = 50
/** How deep each list goes before they are merged. */
const DEPTH = 100

/** Searches by words and by vectors and merges both. The space of the vectors is looked up each time, so a switch shows. */
export function createHybridSearch(options: HybridSearchOptions): Recall {
  const { db } = options
  const vectorsOf = createVectorCache(db)

  async function vectorHits(query: string, filter: ItemFilter, signal?: AbortSignal): Promise<FoundChunk[]> {
    const space = readActiveSpace(db)
    const embedder = space && embedderFor(space, options.embedder)
    if (!space || !embedder) return []
    try {
      const [vector] = await embedder.embed([query], signal)
      // The space may have changed while the endpoint was asked.
      if (vector?.length !== dimensionOf(space) || readActiveSpace(db) !== space) return []
      const leastSimilarity = modelOf(space) === HASH_MODEL ? HASH_LEAST_SIMILARITY : 0
      return searchVectors(db, vectorsOf(space), { vector, filter, limit: DEPTH, leastSimilarity })
    } catch (err) {
      // Words alone must do while the endpoint is away.
      signal?.throwIfAborted()
      options.onDegraded?.(err)
      return []
    }
  }

  return {
    async search(query, signal) {
      signal?.throwIfAborted()
      const filter = toItemFilter(query)
      const limit = Math.min(MOST_ITEMS, query.limit ?? DEFAULT_LIMIT)
      if (query.query.trim() === '' || query.zones.length === 0 || limit < 1) return []
      const byVectors = await vectorHits(query.query, filter, signal)
      const byText = searchText(db, query.query, { filter, limit: DEPTH })
      return fuseRanks([byText, byVectors])
        .slice(0, limit)
        .flatMap((found) => readItem(db, found, query))
    },
  }
}

/** Null when no embedder for the space is at hand. */
function embedderFor(space: VectorSpace, configured: Embedder): Embedder | null {
  if (configured.model === modelOf(space)) return configured
  return modelOf(space) === HASH_MODEL ? createHashEmbedder(dimensionOf(space)) : null
}

interface ItemRow {
  readonly item_id: string
  readonly title: string | null
  readonly content: string
  readonly author: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp_ms: number
  readonly tags: string
}

function readItem(db: Db, found: FusedItem, query: RecallQuery): RecalledItem[] {
  const row = db
    .prepare<[number], ItemRow>(
      `SELECT i.item_id, i.title, c.text AS content, i.author, i.topic, i.partition, i.offset, i.timestamp_ms, i.tags
       FROM chunk c JOIN item i ON i.id = c.item WHERE c.id = ?`,
    )
    .get(found.chunkId)
  if (!row) return []
  const { timestamp_ms, title, tags, ...rest } = row
  return [
    {
      ...rest,
      title: title ?? '',
      age_ms: Math.max(0, query.nowMs - timestamp_ms),
      score: found.score,
      tags: JSON.parse(tags) as string[],
    },
  ]
}
