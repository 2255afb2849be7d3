import type { Envelope, RawRecord } from '@kafclaw/envelope'
import type { OutgoingRecord } from '@kafclaw/kafka'
import { createRecentMap, type RecentMap } from './recent-map.ts'

/**
 * Knows records of our own when they are read back: their bytes are those that were sent, so the envelope is the one that
 * was encoded, and needs no second reading and checking.
 */
export interface OwnRecords {
  sent(envelope: Envelope, record: OutgoingRecord): void
  /** The envelope of a record that was sent from here; null when it is not one, or when a byte of it differs. */
  recognise(record: RawRecord): Envelope | null
}

/** What is never read back (another topic, a lost connection) is forgotten after so many others. */
const REMEMBERED = 5000

export function createOwnRecords(): OwnRecords {
  /** By topic, then by key: of a task mostly one record at a time is on its way; where another follows it, the first is read as any other. */
  const topics = new Map<string, RecentMap<string, { envelope: Envelope; value: Buffer | null }>>()
  return {
    sent(envelope, { topic, key, value }) {
      // Only of these two does a member read what it has written; whether a request is valid depends on its append time.
      if (envelope.type !== 'task_status' && envelope.type !== 'response') return
      const remembered = topics.get(topic) ?? createRecentMap(REMEMBERED)
      topics.set(topic, remembered)
      remembered.set(keyOf(key), { envelope, value })
    },
    recognise({ topic, key, value }) {
      const remembered = topics.get(topic)
      if (!remembered || remembered.isEmpty() || value === null) return null
      const name = keyOf(key)
      const known = remembered.get(name)
      if (!known?.value?.equals(value)) return null
      remembered.delete(name)
      return known.envelope
    },
  }
}

function keyOf(key: Buffer | null): string {
  return key?.toString('latin1') ?? ''
}
