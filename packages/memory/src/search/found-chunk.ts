/** A chunk that one of the searches found; lists of them are ordered best first. */
export interface FoundChunk {
  readonly chunkId: number
  /** `item.id`, not the id on the wire. */
  readonly item: number
}
