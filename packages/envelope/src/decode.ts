import { lenientCheck, unknownTypeCheck } from './contract.ts'
import { deriveRecordId, taskIdOfRequest } from './derived-id.ts'
import { recordKey } from './encode.ts'
import type { Envelope } from './envelope.ts'
import type { PoisonCode } from './errors.ts'
import { type FillNotes, isObject } from './field-plan.ts'
import { fillEnvelope } from './fill-envelope.ts'
import { parseJsonText } from './json-text.ts'
import { findLifeProblem } from './life.ts'
import { isId, isRecordId } from './names.ts'
import { isEnvelopeType } from './payloads/payload-table.ts'
import type { RawRecord } from './record.ts'
import { parseTopicName, type TopicAddress } from './topic-name.ts'
import { TOPICS } from './topics.ts'

const REASON_LIMIT = 500
const TYPE_LIMIT = 100

export type Decoded =
  | { kind: 'envelope'; envelope: Envelope }
  | { kind: 'skipped'; type: string; reason: 'unknown_type' | 'unknown_value' }
  | { kind: 'tombstone'; key: string }
  | { kind: 'poison'; code: PoisonCode; reason: string; taskId: string | null }

/**
 * What a record says, by its bytes, place and append time alone, so that all readers agree. Never throws: what cannot be
 * accepted is `poison` with a code and a reason; `taskId` is there when it was a request whose task can be told.
 */
export function decode(record: RawRecord): Decoded {
  try {
    return decodeRecord(record)
  } catch (err) {
    // Not expected; yet a reader that stops is worse than one record in the dead letters.
    return poison('KC_ENVELOPE_INVALID', `the record could not be read: ${String(err)}`)
  }
}

function decodeRecord(record: RawRecord): Decoded {
  const address = parseTopicName(record.topic)
  if (!address) return poison('KC_ENVELOPE_WRONG_TOPIC', `"${record.topic}" is not a topic of a group`)
  // A dead letter holds the bytes of some other record, which are poison by nature.
  if (address.kind === 'dlq') return { kind: 'skipped', type: 'dead_letter', reason: 'unknown_type' }
  if (record.value === null) return decodeNull(record, address)
  const json = parseJsonText(record.value)
  if (!json.ok) return poison(json.code, json.reason)
  const body = json.value
  if (!isObject(body)) return poison('KC_ENVELOPE_INVALID', 'the value is JSON, but not an object')
  return decodeBody(body, record, address)
}

function decodeNull(record: RawRecord, address: TopicAddress): Decoded {
  if (TOPICS[address.kind].cleanup === 'compact' && record.key !== null && record.key.length > 0) {
    return { kind: 'tombstone', key: record.key.toString('utf8') }
  }
  return poison('KC_ENVELOPE_INVALID', 'the record has no value, and its topic is not one on which that deletes a key')
}

function decodeBody(body: Record<string, unknown>, record: RawRecord, address: TopicAddress): Decoded {
  const { type } = body
  if (typeof type !== 'string' || type === '') return poison('KC_ENVELOPE_INVALID', 'type must be a text')
  const outOfScope = scopeProblem(body, address)
  if (!isEnvelopeType(type)) {
    const problem = unknownTypeCheck()(body)
    if (problem) return poison('KC_ENVELOPE_INVALID', problem)
    return outOfScope ? poison('KC_ENVELOPE_SCOPE_MISMATCH', outOfScope) : skipped(type, 'unknown_type')
  }
  if (!TOPICS[address.kind].types.includes(type)) {
    return poison('KC_ENVELOPE_WRONG_TOPIC', `a ${type} does not belong on ${record.topic}`)
  }
  if (outOfScope) return poison('KC_ENVELOPE_SCOPE_MISMATCH', outOfScope)
  const taskId = type === 'request' ? readableTaskId(body, record) : null
  const problem = lenientCheck(type)(body)
  if (problem) return poison('KC_ENVELOPE_INVALID', problem, taskId)
  const notes: FillNotes = { unknownValue: null }
  const envelope = fillEnvelope({ type, body, record, address }, notes)
  const outOfLife = findLifeProblem(envelope, record.timestampMs)
  if (outOfLife) return poison(outOfLife.code, outOfLife.reason, taskId)
  return (
    keyProblem(envelope, record, address) ??
    (notes.unknownValue === null ? { kind: 'envelope', envelope } : skipped(type, 'unknown_value'))
  )
}

/** What body and topic say about group, zone and skill must not differ: the topic is what access rules guard. */
function scopeProblem(body: Record<string, unknown>, address: TopicAddress): string | null {
  const payload = isObject(body.payload) ? body.payload : {}
  const says = (what: string, given: unknown, onTopic: string): string | null =>
    typeof given === 'string' && given !== onTopic ? `${what} is not that of the topic, "${onTopic}"` : null
  return (
    says('group', body.group, address.group) ??
    says('zone', body.zone, address.zone) ??
    (address.skill === null ? null : says('payload.skill', payload.skill, address.skill)) ??
    (body.type === 'memory' ? says('payload.zone', payload.zone, address.zone) : null)
  )
}

/** Compaction goes by the key, so there the key must be what the body is about. */
function keyProblem(envelope: Envelope, record: RawRecord, address: TopicAddress): Decoded | null {
  if (TOPICS[address.kind].cleanup !== 'compact') return null
  const expected = recordKey(envelope)
  if (record.key?.toString('utf8') === expected) return null
  return poison('KC_ENVELOPE_INVALID', `the key of the record must be "${expected}"`)
}

function readableTaskId(body: Record<string, unknown>, record: RawRecord): string | null {
  const missing = (value: unknown) => value === undefined || value === null
  if (!missing(body.correlation_id)) return isId(body.correlation_id) ? body.correlation_id : null
  if (missing(body.id)) return taskIdOfRequest(deriveRecordId(record))
  return isRecordId(body.id) ? taskIdOfRequest(body.id) : null
}

function poison(code: PoisonCode, reason: string, taskId: string | null = null): Decoded {
  return { kind: 'poison', code, reason: reason.slice(0, REASON_LIMIT), taskId }
}

function skipped(type: string, reason: 'unknown_type' | 'unknown_value'): Decoded {
  return { kind: 'skipped', type: type.slice(0, TYPE_LIMIT), reason }
}
