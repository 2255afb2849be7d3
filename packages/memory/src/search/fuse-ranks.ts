import type { FoundChunk } from './found-chunk.ts'

/** Of reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009): how little the first ranks stand out. */
const K = 60

export interface FusedItem {
  readonly item: number
  /** The chunk of the item that ranked highest. */
  readonly chunkId: number
  readonly score: number
}

/**
 * Merges lists that are ordered best first into one of items: each list gives an item 1 / (60 + rank) by its best chunk.
 * Equal scores keep the order in which the lists name the items.
 */
export function fuseRanks(lists: readonly (readonly FoundChunk[])[]): FusedItem[] {
  const fused = new Map<number, FusedItem & { bestRank: number }>()
  for (const list of lists) {
    const seen = new Set<number>()
    for (const { item, chunkId } of list) {
      if (seen.has(item)) continue
      seen.add(item)
      const rank = seen.size
      const before = fused.get(item)
      const chunk = before && before.bestRank <= rank ? before : { chunkId, bestRank: rank }
      fused.set(item, {
        item,
        chunkId: chunk.chunkId,
        bestRank: chunk.bestRank,
        score: (before?.score ?? 0) + 1 / (K + rank),
      })
    }
  }
  return [...fused.values()].sort((left, right) => right.score - left.score)
}
