import { AppError } from '@kafclaw/envelope'
import type { OutgoingRecord } from './log.ts'
import { LARGEST_BATCH_BYTES, loneBatchBytes } from './record-batch/encode-record-batch.ts'

/** The refusal of records above 1 MiB, the same in both forms of the log. */
export function recordTooLarge(records: readonly OutgoingRecord[], indexes: readonly number[]): AppError {
  const first = records[indexes[0] ?? 0]
  const sizeBytes = first ? loneBatchBytes(first) : 0
  const text = `A record of ${sizeBytes} bytes for topic ${first?.topic} is above the limit of ${LARGEST_BATCH_BYTES}; store the content elsewhere and send a reference`
  return new AppError('KC_KAFKA_RECORD_TOO_LARGE', text, { details: { failed: [...indexes], sizeBytes } })
}
