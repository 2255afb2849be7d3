import type { Env } from '@kafclaw/env'
import {
  createEnvelope,
  deadLetterRecord,
  type Envelope,
  type EnvelopeType,
  type ErrorCode,
  encode,
  formatPlace,
  type NewEnvelope,
  partitionFor,
  type RawRecord,
  type RecordPlace,
  recordKey,
  TOPICS,
  type TopicKind,
  topicName,
} from '@kafclaw/envelope'
import type { OutgoingRecord } from '@kafclaw/kafka'
import type { Outbox } from './outbox.ts'
import type { OwnRecords } from './own-records.ts'
import { summarize, type Timeline } from './timeline.ts'

/** Who sends, and into which group and zone. */
export interface SenderIdentity {
  group: string
  zone: string
  senderId: string
  /** Partitions of the task topics, from the zone record. */
  partitions(): number
}

/** What a service says of a record; group, zone and sender are its own. */
export type NewRecord = { [T in EnvelopeType]: Omit<NewEnvelope<T>, 'group' | 'zone' | 'sender_id'> }[EnvelopeType]

/** A record that lies on the log. */
export interface SentRecord {
  envelope: Envelope
  place: RecordPlace
}

/** Puts records into the outbox, each with its row in the timeline. All inside a transaction. */
export interface Sender {
  /** Makes the envelope, stores it to be sent on the topic of its type and returns it. Throws KC_ENVELOPE_TOO_LARGE or KC_ENVELOPE_INVALID. */
  send(fields: NewRecord, options?: { id?: string; skill?: string }): Envelope
  /** Sends a copy of somebody's answer to the home partition of its task. */
  copy(envelope: Envelope): void
  deadLetter(source: RawRecord, why: { code: ErrorCode; reason: string; attempts?: string }): void
}

export function createSender(options: {
  env: Env
  identity: SenderIdentity
  outbox: Outbox
  timeline: Timeline
  own: OwnRecords
}): Sender {
  const { env, identity, outbox, timeline } = options
  const { group, zone, senderId } = identity

  function put(envelope: Envelope, to: { skill?: string; isCopy?: boolean }): void {
    const record = toOutgoing(envelope, { partitions: identity.partitions(), ...to })
    const row = timeline.add({
      kind: 'sent',
      type: envelope.type,
      recordId: envelope.id,
      taskId: envelope.correlation_id,
      place: { topic: record.topic, partition: record.partition },
      causationId: envelope.causation_id,
      summary: summarize(envelope),
    })
    outbox.add(record, row, { isEnvelope: true })
    options.own.sent(envelope, record)
  }

  return {
    send(fields, { id, skill } = {}) {
      const envelope = createEnvelope(
        { ...fields, group, zone, sender_id: senderId },
        { id: id ?? env.newId(), nowMs: env.now() },
      )
      put(envelope, skill === undefined ? {} : { skill })
      return envelope
    },
    copy: (envelope) => put(envelope, { isCopy: true }),
    deadLetter(source, why) {
      const { code, reason } = why
      const place = { topic: topicName({ group, zone }, 'dlq'), partition: 0 }
      const { key, value, headers } = deadLetterRecord(source, { ...why, by: senderId, atMs: env.now() })
      const row = timeline.add({
        kind: 'decided',
        type: 'dlq',
        place: source,
        summary: `dead letter ${code}: ${reason}`,
      })
      const sent = timeline.add({
        kind: 'sent',
        type: 'dlq',
        place,
        summary: `dead letter for ${formatPlace(source)} (row ${row})`,
      })
      outbox.add({ ...place, key, value, headers }, sent)
    },
  }
}

const TOPIC_OF: Record<Envelope['type'], TopicKind> = {
  request: 'requests',
  response: 'responses',
  task_status: 'tasks_status',
  announce: 'announce',
  zone: 'control_zones',
  skill: 'control_skills',
  memory: 'memory_shared',
  trace: 'traces',
  audit: 'observe_audit',
  approval: 'control_approvals',
}

/** The record of an envelope on the topic of its type; a request with `skill` goes to the topic of that skill. */
export function toOutgoing(
  envelope: Envelope,
  options: { partitions: number; skill?: string; isCopy?: boolean },
): OutgoingRecord {
  const kind: TopicKind =
    envelope.type === 'request' && options.skill !== undefined ? 'skill_requests' : TOPIC_OF[envelope.type]
  const partition = TOPICS[kind].partitions === 'task' ? partitionFor(recordKey(envelope), options.partitions) : 0
  const encoded = encode(envelope, {
    ...(envelope.type === 'response' ? { home: partition } : {}),
    ...(options.isCopy ? { isCopy: true } : {}),
  })
  return { topic: topicName(envelope, kind, options.skill), partition, ...encoded }
}
