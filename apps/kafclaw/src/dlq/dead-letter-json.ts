import { isUtf8 } from 'node:buffer'
import { formatTimestamp } from '@kafclaw/envelope'
import { REDRIVE } from './handled-letters.ts'
import type { DeadLetter } from './read-dead-letters.ts'
import type { Letter } from './select-letters.ts'

/** A bad record as programs get it in a list. */
export function summaryJson(record: Letter) {
  return {
    source: record.source,
    ...letterJson(record),
    other_letters: record.others.length,
    state: record.state,
    handlings: record.handlings.map((handling) => ({
      action: handling.action === REDRIVE ? 'redriven' : 'discarded',
      by: handling.by,
      at: formatTimestamp(handling.timestampMs),
      reason: handling.reason,
      task_id: handling.taskId,
      topic: handling.topic,
      partition: handling.partition,
      offset: handling.offset,
    })),
  }
}

/** All of it. Bytes that are no text are given as base64. */
export function wholeJson(record: Letter) {
  const { truncatedSha256 } = record
  return {
    ...summaryJson(record),
    letters: record.others.map(letterJson),
    attempts: record.attempts,
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
