import { payloadPlan } from './contract.ts'
import { deriveRecordId, taskIdOfRequest } from './derived-id.ts'
import { type Envelope, type Labels, SCHEMA_VERSION, type TraceContext } from './envelope.ts'
import { type FillNotes, fill, isObject } from './field-plan.ts'
import { DEFAULT_LIFE_MS } from './life.ts'
import type { EnvelopeType } from './payloads/payload-table.ts'
import type { RawRecord } from './record.ts'
import { formatTimestamp, normalizeTimestamp, parseTimestamp } from './timestamp.ts'
import type { TopicAddress } from './topic-name.ts'
import { deriveSpanId, deriveTraceId, traceFromHeaders } from './trace-context.ts'

const ANONYMOUS = 'anonymous'
const INTEGRITY = new Set<unknown>(['trusted', 'untrusted'])
const CONFIDENTIALITY = new Set<unknown>(['public', 'internal', 'confidential', 'restricted'])

type JsonObject = Record<string, unknown>

/** A body that has passed the check for readers, and where it came from. */
export interface CheckedBody {
  type: EnvelopeType
  body: JsonObject
  record: RawRecord
  address: TopicAddress
}

/** Fills in what the body leaves out, the same way for every reader: from the record's place, append time and headers alone. */
export function fillEnvelope({ type, body, record, address }: CheckedBody, notes: FillNotes): Envelope {
  const id = textOr(body.id, null) ?? deriveRecordId(record)
  const isRequest = type === 'request'
  const correlationId = textOr(body.correlation_id, isRequest ? taskIdOfRequest(id) : null)
  const timestamp = timeOf(body.timestamp) ?? formatTimestamp(record.timestampMs)
  const expiresAt = timeOf(body.expires_at) ?? (isRequest ? deadlineFrom(timestamp) : null)
  const payload = fill(payloadPlan(type), withTopic(type, asObject(body.payload), address), notes)
  const envelope = {
    schema_version: SCHEMA_VERSION,
    type,
    id,
    group: address.group,
    zone: address.zone,
    sender_id: textOr(body.sender_id, ANONYMOUS),
    recipient_id: textOr(body.recipient_id, null),
    correlation_id: correlationId,
    causation_id: textOr(body.causation_id, null),
    timestamp,
    expires_at: expiresAt,
    trace: fillTrace(asObject(body.trace), record, { id, correlationId }),
    labels: fillLabels(asObject(body.labels), notes),
    payload,
  }
  // The check for readers and the fill make every field what the type says.
  return envelope as unknown as Envelope
}

/** What the topic itself says about the payload. */
function withTopic(type: EnvelopeType, payload: JsonObject, address: TopicAddress): JsonObject {
  if (type === 'request' && address.skill !== null) return { ...payload, skill: address.skill }
  if (type === 'memory') return { ...payload, zone: address.zone }
  return payload
}

function fillTrace(
  given: JsonObject,
  record: RawRecord,
  ids: { id: string; correlationId: string | null },
): TraceContext {
  const traceId = textOr(given.trace_id, null)
  const spanId = textOr(given.span_id, null)
  const parentSpanId = textOr(given.parent_span_id, null)
  const fromHeaders = traceId === null && spanId === null ? traceFromHeaders(record.headers) : null
  return {
    trace_id: traceId ?? fromHeaders?.trace_id ?? deriveTraceId(ids.id, ids.correlationId),
    span_id: spanId ?? fromHeaders?.span_id ?? deriveSpanId(ids.id),
    parent_span_id: parentSpanId,
  }
}

function fillLabels(given: JsonObject, notes: FillNotes): Labels {
  const integrity = given.integrity ?? 'untrusted'
  const confidentiality = given.confidentiality ?? 'internal'
  if (!INTEGRITY.has(integrity)) notes.unknownValue ??= 'integrity'
  if (!CONFIDENTIALITY.has(confidentiality)) notes.unknownValue ??= 'confidentiality'
  // Unknown values are noted: such a record is passed over and this object never seen.
  return { integrity, confidentiality } as Labels
}

/** 24 hours after the timestamp of the body, not after the append: a repeated request must not live longer. */
function deadlineFrom(timestamp: string): string {
  return formatTimestamp((parseTimestamp(timestamp) ?? 0) + DEFAULT_LIFE_MS)
}

function timeOf(value: unknown): string | null {
  return typeof value === 'string' ? normalizeTimestamp(value) : null
}

function textOr<T extends string | null>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}
