import type { RawRecord, RecordHeaders } from '@kafclaw/envelope'
import type { Row } from '@kafclaw/storage'

/** The columns that hold a record as it was read. */
export type StoredRecord = Pick<
  Row<'audit', 'record'>,
  'topic' | 'partition' | 'offset' | 'timestamp_ms' | 'key' | 'value' | 'headers'
>

/** Headers as JSON: `[[name, base64], ...]`, in their order. */
export function headersText(headers: RecordHeaders): string {
  return JSON.stringify(headers.map(([name, value]) => [name, value.toString('base64')]))
}

/** The record, byte for byte. */
export function toRawRecord(row: StoredRecord): RawRecord {
  const { topic, partition, offset, key, value } = row
  const headers = JSON.parse(row.headers) as Array<[string, string]>
  return {
    topic,
    partition,
    offset,
    timestampMs: row.timestamp_ms,
    key,
    value,
    headers: headers.map(([name, text]) => [name, Buffer.from(text, 'base64')]),
  }
}
