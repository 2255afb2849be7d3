import { type MemoryEnvelope, parseTimestamp, type RawRecord, type RecordPlace } from '@kafclaw/envelope'

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

/** The item that a record of `memory.shared` says; it expires with its envelope where its payload says nothing. */
export function toMemoryItem(record: RawRecord, envelope: MemoryEnvelope): MemoryItem {
  const { payload, zone, sender_id, labels, expires_at } = envelope
  const expiresAt = payload.expires_at ?? expires_at
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    itemId: payload.item_id,
    zone,
    author: sender_id,
    title: payload.title,
    // What lies elsewhere is found by its title.
    content: payload.content ?? '',
    contentType: payload.content_type,
    tags: payload.tags,
    labels: { ...labels },
    expiresAtMs: expiresAt === null ? null : parseTimestamp(expiresAt),
    timestampMs: record.timestampMs,
  }
}
