import { AppError } from '@kafclaw/envelope'
import type { TracedRecord } from '@kafclaw/runtime'

/** One page of the answer of an audit sink. */
export interface TracePage {
  records: TracedRecord[]
  missing: string[]
  next: number | null
}

/** The output of a response is free, and a sink may be of another release: what is no record is an error. */
export function readTracePage(output: unknown): TracePage {
  if (typeof output !== 'object' || output === null || !('records' in output) || !Array.isArray(output.records)) {
    throw new AppError('KC_RUN_FAILED', 'The audit sink answered without records; is it of another release?')
  }
  const { records } = output
  if (!records.every(isTracedRecord)) {
    throw new AppError(
      'KC_RUN_FAILED',
      'The audit sink answered with records of another form; is it of another release?',
    )
  }
  const missing = 'missing' in output && Array.isArray(output.missing) ? output.missing.map(String) : []
  const next = 'next' in output && typeof output.next === 'number' ? output.next : null
  return { records, missing, next }
}

type Fields = Partial<Record<keyof TracedRecord, unknown>>

function isTracedRecord(value: unknown): value is TracedRecord {
  if (typeof value !== 'object' || value === null) return false
  const record: Fields = value
  const nullable = [
    record.type,
    record.sender_id,
    record.recipient_id,
    record.correlation_id,
    record.causation_id,
    record.parent_task_id,
  ]
  return (
    isPlace(value) &&
    typeof record.id === 'string' &&
    typeof record.timestamp_ms === 'number' &&
    typeof record.summary === 'string' &&
    nullable.every((field) => field === null || typeof field === 'string') &&
    (record.about === null || isPlace(record.about)) &&
    Array.isArray(record.citations) &&
    record.citations.every((cited) => isPlace(cited) && 'item_id' in cited && typeof cited.item_id === 'string')
  )
}

function isPlace(value: unknown): value is Pick<TracedRecord, 'topic' | 'partition' | 'offset'> {
  if (typeof value !== 'object' || value === null) return false
  const place: Fields = value
  return typeof place.topic === 'string' && typeof place.partition === 'number' && typeof place.offset === 'number'
}
