import { isUtf8 } from 'node:buffer'
import { formatTimestamp } from '@kafclaw/envelope'
import type { BadRecord, DeadLetter } from './read-dead-letters.ts'

/** A bad record as programs get it in a list. */
export function summaryJson(record: BadRecord) {
  return { source: record.source, ...letterJson(record), other_letters: record.others.length }
}

/** All of it. Bytes that are no text are given as base64. */
export function wholeJson(record: BadRecord) {
  const { truncatedSha256 } = record
  return {
    ...summaryJson(record),
    letters: record.others.map(letterJson),
    key: bytesJson(record.key),
    value: bytesJson(record.value),
    headers: record.headers.map(([name, value]) => ({ name, ...bytesJson(value) })),
    truncated: truncatedSha256 === null ? null : { sha256: truncatedSha256 },
  }
}

function letterJson({ code, reason, by, timestampMs, topic, partition, offset }: DeadLetter) {
  return { code, reason, by, at: formatTimestamp(timestampMs), topic, partition, offset }
}

function bytesJson(bytes: Buffer | null) {
  if (bytes === null) return null
  return isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') }
}
