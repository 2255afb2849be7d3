import { type Envelope, lastHeader, type RawRecord } from '@kafclaw/envelope'
import type { OutgoingRecord } from '@kafclaw/kafka'
import { createRecentMap } from './recent-map.ts'

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
  const remembered = createRecentMap<string, { envelope: Envelope; record: OutgoingRecord }>(REMEMBERED)
  return {
    sent(envelope, record) {
      // Only of these two does a member read what it has written; whether a request is valid depends on its append time.
      if (envelope.type !== 'task_status' && envelope.type !== 'response') return
      remembered.set(envelope.id, { envelope, record })
    },
    recognise(record) {
      if (remembered.isEmpty() || record.value === null) return null
      const id = lastHeader(record.headers, 'ce_id')?.toString('latin1')
      const known = id === undefined ? undefined : remembered.get(id)
      if (id === undefined || known?.record.topic !== record.topic || !known.record.value?.equals(record.value))
        return null
      remembered.delete(id)
      return known.envelope
    },
  }
}
