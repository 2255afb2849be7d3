import { decode, parseTopicName, type RawRecord, type RequestEnvelope } from '@kafclaw/envelope'
import { type Log, readOnce } from '@kafclaw/kafka'
import type { BadRecord } from './read-dead-letters.ts'

/** The request that a dead letter holds, or why it holds none that anybody could run. */
export type Revived = { request: RequestEnvelope } | { why: string }

/** Dates that are wrong make a request malformed, and a new task has dates of its own. */
const WRONG_DATES: ReadonlySet<string> = new Set(['KC_ENVELOPE_LIFE_TOO_LONG', 'KC_ENVELOPE_DATED_AHEAD'])

export function reviveRequest(letter: BadRecord): Revived {
  const record = recordOf(letter)
  const kind = record && parseTopicName(record.topic)?.kind
  if (!record || (kind !== 'requests' && kind !== 'skill_requests')) {
    return { why: 'it is no request, and only requests can be asked again' }
  }
  if (letter.truncatedSha256 !== null) return { why: 'it was too large: only its beginning was kept; ask it anew' }
  const decoded = decode(record)
  const again = decoded.kind === 'poison' && WRONG_DATES.has(decoded.code) ? decode(withoutDates(record)) : decoded
  if (again.kind === 'envelope' && again.envelope.type === 'request') return { request: again.envelope }
  if (again.kind === 'poison')
    return { why: `nobody can read it (${again.code}: ${again.reason}); ask it anew, corrected` }
  return { why: 'it is of a kind that this release does not know' }
}

/** The task that the bad record is about, where that can be told. One without any id has it by its place and append time. */
export async function taskOfLetter(log: Log, letter: BadRecord): Promise<string | null> {
  const record = recordOf(letter)
  if (!record) return null
  const body = bodyOf(record)
  if (typeof body.correlation_id === 'string') return body.correlation_id
  const source = body.id === undefined && letter.source ? await readOnce(log, letter.source).catch(() => null) : record
  const decoded = source ? decode(source) : null
  if (decoded?.kind === 'envelope') return decoded.envelope.correlation_id
  return decoded?.kind === 'poison' ? decoded.taskId : null
}

/** The record as it lay at its place; its append time is not kept, that of the letter is near enough for its dates. */
function recordOf({ source, key, value, headers, timestampMs }: BadRecord): RawRecord | null {
  return source && { ...source, key, value, headers, timestampMs }
}

function withoutDates(record: RawRecord): RawRecord {
  const { timestamp, expires_at, ...body } = bodyOf(record)
  return { ...record, value: Buffer.from(JSON.stringify(body)) }
}

function bodyOf(record: RawRecord): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(record.value?.toString() ?? '')
    return typeof body === 'object' && body !== null ? { ...body } : {}
  } catch {
    return {}
  }
}
