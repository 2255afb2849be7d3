import { decode, lastHeader, type RawRecord } from '@kafclaw/envelope'

/**
 * The task that a record of `responses` is about, null for none. Where a service wrote it, which the header `kc_home` tells, the
 * key says so and nothing has to be decoded; the key of anybody else may be missing or another.
 */
export function answeredTask(record: RawRecord): string | null {
  if (record.key !== null && lastHeader(record.headers, 'kc_home') !== undefined) return record.key.toString()
  const decoded = decode(record)
  return decoded.kind === 'envelope' && decoded.envelope.type === 'response' ? decoded.envelope.correlation_id : null
}
