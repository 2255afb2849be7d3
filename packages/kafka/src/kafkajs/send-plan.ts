import type { RecordPlace } from '@kafclaw/envelope'
import type { OutgoingRecord } from '../log.ts'
import { LARGEST_BATCH_BYTES, loneBatchBytes } from '../record-batch/encode-record-batch.ts'
import { recordTooLarge } from '../record-limit.ts'

/** Records of one partition that travel as one record batch, with their places in the caller's list. */
export interface Parcel {
  topic: string
  partition: number
  records: OutgoingRecord[]
  indexes: number[]
  /** Attempts for which it went out over a connection without an answer: it may be written already. */
  unanswered: number
  /** Encoded for a producer id; made anew when that changes. */
  batch: Buffer | null
}

/** Room for what the batch adds to its records. */
const PARCEL_BYTES = LARGEST_BATCH_BYTES - 64 * 1024

/**
 * Deals records into parcels, in order: per partition as few as the broker's limit allows.
 * Throws KC_KAFKA_RECORD_TOO_LARGE, before anything is sent, for a record that no topic would take.
 */
export function planParcels(records: readonly OutgoingRecord[]): Parcel[] {
  const parcels: Parcel[] = []
  const open = new Map<string, { parcel: Parcel; sizeBytes: number }>()
  const tooLarge: number[] = []
  for (const [index, record] of records.entries()) {
    const sizeBytes = loneBatchBytes(record)
    if (sizeBytes > LARGEST_BATCH_BYTES) tooLarge.push(index)
    const key = `${record.topic}/${record.partition}`
    let current = open.get(key)
    if (!current || current.sizeBytes + sizeBytes > PARCEL_BYTES) {
      const parcel = {
        topic: record.topic,
        partition: record.partition,
        records: [],
        indexes: [],
        unanswered: 0,
        batch: null,
      }
      parcels.push(parcel)
      current = { parcel, sizeBytes: 0 }
      open.set(key, current)
    }
    current.parcel.records.push(record)
    current.parcel.indexes.push(index)
    current.sizeBytes += sizeBytes
  }
  if (tooLarge.length > 0) throw recordTooLarge(records, tooLarge)
  return parcels
}

/** Fills in the places of an acknowledged parcel. */
export function placeParcel(parcel: Parcel, baseOffset: number, places: RecordPlace[]): void {
  for (const [delta, index] of parcel.indexes.entries()) {
    places[index] = { topic: parcel.topic, partition: parcel.partition, offset: baseOffset + delta }
  }
}
