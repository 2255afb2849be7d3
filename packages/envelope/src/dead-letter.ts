import { hash } from 'node:crypto'
import type { ErrorCode } from './errors.ts'
import { formatPlace, type RawRecord, type RecordHeaders } from './record.ts'
import { formatTimestamp } from './timestamp.ts'

const WHOLE_LIMIT_BYTES = 256 * 1024
const KEPT_VALUE_BYTES = 64 * 1024
const KEPT_HEADERS_BYTES = 64 * 1024
const KEPT_KEY_BYTES = 4 * 1024
const REASON_LIMIT = 500

export interface DeadLetterReason {
  code: ErrorCode
  /** For people. */
  reason: string
  /** agent_id of who writes the dead letter. */
  by: string
  atMs: number
  /** Of a task that was given up: how its attempts ended, as JSON. */
  attempts?: string
}

export interface DeadLetter {
  key: Buffer
  value: Buffer | null
  headers: RecordHeaders
}

/**
 * The dead letter of a record: its bytes untouched, headers `kc_dlq_*` before its own. One above 256 KiB keeps its first
 * 64 KiB, with `kc_dlq_sha256` over the whole value and `kc_dlq_truncated: 1`.
 */
export function deadLetterRecord(source: RawRecord, why: DeadLetterReason): DeadLetter {
  const place = formatPlace(source)
  const text = (value: string): Buffer => Buffer.from(value, 'utf8')
  const headers: Array<readonly [string, Buffer]> = [
    ['kc_dlq_code', text(why.code)],
    ['kc_dlq_reason', text(why.reason.slice(0, REASON_LIMIT))],
    ['kc_dlq_topic', text(source.topic)],
    ['kc_dlq_partition', text(String(source.partition))],
    ['kc_dlq_offset', text(String(source.offset))],
    ['kc_dlq_by', text(why.by)],
    ['kc_dlq_at', text(formatTimestamp(why.atMs))],
  ]
  if (why.attempts !== undefined) headers.push(['kc_dlq_attempts', text(why.attempts)])
  if (source.key) headers.push(['kc_dlq_key', source.key.subarray(0, KEPT_KEY_BYTES)])
  let { value } = source
  const wholeBytes = (value?.length ?? 0) + (source.key?.length ?? 0) + headersBytes(source.headers)
  if (wholeBytes > WHOLE_LIMIT_BYTES) {
    headers.push(
      ['kc_dlq_sha256', text(hash('sha256', value ?? Buffer.alloc(0), 'hex'))],
      ['kc_dlq_truncated', text('1')],
    )
    value = value?.subarray(0, KEPT_VALUE_BYTES) ?? null
    return { key: text(place), value, headers: [...headers, ...firstHeaders(source.headers)] }
  }
  return { key: text(place), value, headers: [...headers, ...source.headers] }
}

function headersBytes(headers: RecordHeaders): number {
  return headers.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + value.length, 0)
}

/** A hostile record may consist of headers only: what is left must fit as well. */
function firstHeaders(headers: RecordHeaders): RecordHeaders {
  let budget = KEPT_HEADERS_BYTES
  return headers.filter(([name, value]) => {
    budget -= Buffer.byteLength(name) + value.length
    return budget >= 0
  })
}
