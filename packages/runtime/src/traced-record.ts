import {
  type Citation,
  type Decoded,
  decode,
  deriveRecordId,
  type Envelope,
  formatPlace,
  isId,
  isName,
  lastHeader,
  parsePlace,
  parseTopicName,
  type RawRecord,
  type RecordPlace,
} from '@kafclaw/envelope'
import { summarize } from './timeline.ts'

/** What a trace needs to know of one record, in the names of the wire, so that it can be sent as it is. */
export interface TracedRecord extends RecordPlace {
  /** That of the envelope; derived from the place where the record has none or cannot be read. */
  id: string
  /** Type of the envelope, `dead_letter` on the dlq; null where no reader can accept the record. */
  type: string | null
  sender_id: string | null
  recipient_id: string | null
  correlation_id: string | null
  causation_id: string | null
  /** Of a request: the task whose run asked it. */
  parent_task_id: string | null
  /** Append time, epoch ms. */
  timestamp_ms: number
  summary: string
  /** Memory records that it used. */
  citations: CitedRecord[]
  /** The record that it names by place: the source of a dead letter, the request of a claim or of an answer. */
  about: RecordPlace | null
}

export type CitedRecord = Pick<Citation, 'item_id' | 'topic' | 'partition' | 'offset' | 'author' | 'title'>

/** Takes any record, readable or not: nothing that lies on a topic is left out of a trace. */
export function toTracedRecord(record: RawRecord, decoded: Decoded = decode(record)): TracedRecord {
  const { topic, partition, offset } = record
  const rest = { topic, partition, offset, timestamp_ms: record.timestampMs }
  switch (decoded.kind) {
    case 'envelope':
      return { ...fromEnvelope(decoded.envelope), ...rest }
    case 'tombstone':
      return {
        ...nothingKnown(record),
        type: parseTopicName(topic)?.kind === 'memory_shared' ? 'memory' : 'tombstone',
        summary: `forgets ${decoded.key}`,
        ...rest,
      }
    case 'poison':
      return {
        ...nothingKnown(record),
        correlation_id: decoded.taskId,
        summary: `${decoded.code}: ${decoded.reason}`,
        ...rest,
      }
    case 'skipped':
      return {
        ...(decoded.type === 'dead_letter' ? fromDeadLetter(record) : fromUnknown(record, decoded.type)),
        ...rest,
      }
  }
}

type Described = Omit<TracedRecord, 'topic' | 'partition' | 'offset' | 'timestamp_ms'>

function fromEnvelope(envelope: Envelope): Described {
  return {
    id: envelope.id,
    type: envelope.type,
    sender_id: envelope.sender_id,
    recipient_id: envelope.recipient_id,
    correlation_id: envelope.correlation_id,
    causation_id: envelope.causation_id,
    parent_task_id: envelope.type === 'request' ? envelope.payload.parent_task_id : null,
    summary: summarize(envelope),
    citations: citationsOf(envelope),
    about: aboutOf(envelope),
  }
}

function citationsOf(envelope: Envelope): CitedRecord[] {
  if (envelope.type !== 'trace' && envelope.type !== 'response') return []
  return envelope.payload.citations.map(({ item_id, topic, partition, offset, author, title }) => ({
    item_id,
    topic,
    partition,
    offset,
    author,
    title,
  }))
}

function aboutOf(envelope: Envelope): RecordPlace | null {
  if (envelope.type === 'response') {
    return envelope.payload.in_reply_to === null ? null : parsePlace(envelope.payload.in_reply_to)
  }
  return envelope.type === 'task_status' && envelope.payload.request ? { ...envelope.payload.request } : null
}

function nothingKnown(record: RawRecord): Described {
  return {
    id: deriveRecordId(record),
    type: null,
    sender_id: null,
    recipient_id: null,
    correlation_id: null,
    causation_id: null,
    parent_task_id: null,
    summary: '',
    citations: [],
    about: null,
  }
}

function fromDeadLetter(record: RawRecord): Described {
  const header = (name: string): string => lastHeader(record.headers, `kc_dlq_${name}`)?.toString('utf8') ?? ''
  const source = parsePlace(`${header('topic')}/${header('partition')}/${header('offset')}`)
  const by = header('by')
  return {
    ...nothingKnown(record),
    type: 'dead_letter',
    sender_id: isName(by) ? by : null,
    summary: `${header('code')} at ${source ? formatPlace(source) : 'an unknown place'}: ${header('reason')}`,
    about: source,
  }
}

/** A record of a later release: `decode` has seen that what surrounds its payload is sound. */
function fromUnknown(record: RawRecord, type: string): Described {
  const body = bodyOf(record)
  const text = (name: string): string | null => (isId(body[name]) ? body[name] : null)
  return {
    ...nothingKnown(record),
    id: text('id') ?? deriveRecordId(record),
    type,
    sender_id: text('sender_id'),
    recipient_id: text('recipient_id'),
    correlation_id: text('correlation_id'),
    causation_id: text('causation_id'),
    summary: 'of a type or value that this release does not know',
  }
}

function bodyOf(record: RawRecord): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(record.value?.toString('utf8') ?? '{}')
    return typeof body === 'object' && body !== null ? { ...body } : {}
  } catch {
    return {}
  }
}
