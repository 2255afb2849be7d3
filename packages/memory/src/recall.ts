/** What is looked for, and within which limits; all limits apply before anything is ranked. */
export interface RecallQuery {
  /** Plain text in any language; no query syntax, every character is safe. */
  readonly query: string
  /** Most items to return, default 5, at most 50. */
  readonly limit?: number
  /** Zones whose items may be seen; none means nothing is found. */
  readonly zones: readonly string[]
  /** Only items that carry all of these tags. */
  readonly tags?: readonly string[]
  /** Only items whose labels have all of these values, e.g. `{ confidentiality: 'public' }`. */
  readonly labels?: Readonly<Record<string, string>>
  /** The time, epoch ms, by which items are expired and their age is told. */
  readonly nowMs: number
}

/** One found item with the position of the record that says it, in the names of the wire. */
export interface RecalledItem {
  readonly item_id: string
  readonly title: string
  /** The passage of the item that fits the query best; short items whole. */
  readonly content: string
  readonly author: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly age_ms: number
  /** Reciprocal rank fusion of the text and the vector search; comparable within one answer only. */
  readonly score: number
  readonly tags: readonly string[]
}

/**
 * Finds memory items, best first. Forms: the index itself, a reader of its file, and the skill `memory.recall` on the
 * wire; one contract suite holds them to the same answers.
 */
export interface Recall {
  search(query: RecallQuery, signal?: AbortSignal): Promise<RecalledItem[]>
}
