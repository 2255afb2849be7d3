import { decode, parseTopicName, type RawRecord } from '@kafclaw/envelope'

const PAYLOAD_CHARS = 300

/** One line about a record for whoever reads a trace; null for heartbeats, of which there are too many. */
export function toTraceLine(record: RawRecord): string | null {
  const { topic, partition, offset } = record
  const name = parseTopicName(topic)?.kind ?? topic
  if (name === 'announce') return null
  const decoded = decode(record)
  const place = `[${name}/${partition}/${offset}]`
  if (decoded.kind !== 'envelope') return `${place} ${decoded.kind} ${record.key} ${record.value}`
  const { envelope } = decoded
  const { status, phase, attempt, run_id, step, ...rest } = { ...envelope.payload } as Record<string, unknown>
  const about = [status, phase, step === undefined || step === null ? '' : `step ${step}`]
  const by = attempt === undefined || attempt === null ? '' : `attempt ${attempt}`
  const words = [envelope.type, ...about, by, run_id, 'of', envelope.correlation_id, 'by', envelope.sender_id]
  return `${place} ${words.filter(Boolean).join(' ')} ${JSON.stringify(rest).slice(0, PAYLOAD_CHARS)}`
}
