import type { EnvelopeType, NewPayloads, Payloads } from './payloads/payload-table.ts'

export const SCHEMA_VERSION = 2

export interface TraceContext {
  /** 32 hex digits, W3C trace id. */
  trace_id: string
  /** 16 hex digits, the span of this record. */
  span_id: string
  parent_span_id: string | null
}

export interface Labels {
  integrity: 'trusted' | 'untrusted'
  confidentiality: 'public' | 'internal' | 'confidential' | 'restricted'
}

interface EnvelopeShape<T extends EnvelopeType> {
  schema_version: typeof SCHEMA_VERSION
  type: T
  id: string
  group: string
  zone: string
  sender_id: string
  recipient_id: string | null
  /** The task that the record is about. */
  correlation_id: CorrelationId<T>
  /** Id of the record that caused this one. */
  causation_id: string | null
  /** RFC 3339, UTC, milliseconds. */
  timestamp: string
  expires_at: T extends 'request' ? string : string | null
  trace: TraceContext
  labels: Labels
  payload: Payloads[T]
}

/** An envelope of one type (or of several) as readers get it: every field is there, filled as docs/wire.md says. */
export type EnvelopeOf<T extends EnvelopeType> = T extends EnvelopeType ? EnvelopeShape<T> : never

/** Records about a task always name it, except an answer that gives `in_reply_to` instead. */
type CorrelationId<T extends EnvelopeType> = T extends 'request' | 'task_status' | 'trace' | 'approval'
  ? string
  : string | null

export type RequestEnvelope = EnvelopeOf<'request'>
export type ResponseEnvelope = EnvelopeOf<'response'>
export type TaskStatusEnvelope = EnvelopeOf<'task_status'>
export type AnnounceEnvelope = EnvelopeOf<'announce'>
export type ZoneEnvelope = EnvelopeOf<'zone'>
export type SkillEnvelope = EnvelopeOf<'skill'>
export type MemoryEnvelope = EnvelopeOf<'memory'>
export type ApprovalEnvelope = EnvelopeOf<'approval'>
export type TraceEnvelope = EnvelopeOf<'trace'>

export type Envelope = EnvelopeOf<EnvelopeType>

/** What a writer gives; `createEnvelope` fills in the rest. */
export interface NewEnvelope<T extends EnvelopeType = EnvelopeType> {
  type: T
  group: string
  zone: string
  sender_id: string
  payload: NewPayloads[T]
  recipient_id?: string | null
  correlation_id?: string | null
  causation_id?: string | null
  /** RFC 3339; a request without it gets 24 h. */
  expires_at?: string | null
  trace?: { trace_id: string; parent_span_id: string | null }
  labels?: Labels
}
