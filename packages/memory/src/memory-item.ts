import type { RecordPlace } from '@kafclaw/envelope'

/** A memory item with the record that says it: what the index keeps. */
export interface MemoryItem extends RecordPlace {
  readonly itemId: string
  readonly zone: string
  readonly author: string
  readonly title: string | null
  /** Text to search and to answer with; empty when the item only refers to an object elsewhere. */
  readonly content: string
  readonly contentType: string | null
  readonly tags: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly expiresAtMs: number | null
  /** Append time of the record, epoch ms. */
  readonly timestampMs: number
}

/** A tombstone: the item of this id on this topic is to be forgotten. */
export interface ForgottenItem extends RecordPlace {
  readonly itemId: string
}
