import type { TSchema } from 'typebox'
import { type AnnouncePayload, AnnouncePayloadSchema, type NewAnnouncePayload } from './announce.ts'
import { type ApprovalPayload, ApprovalPayloadSchema, type NewApprovalPayload } from './approval.ts'
import { type AuditPayload, AuditPayloadSchema, type NewAuditPayload } from './audit.ts'
import { type MemoryPayload, MemoryPayloadSchema, type NewMemoryPayload } from './memory.ts'
import { type NewRequestPayload, type RequestPayload, RequestPayloadSchema } from './request.ts'
import { type NewResponsePayload, type ResponsePayload, ResponsePayloadSchema } from './response.ts'
import { type NewSkillPayload, type SkillPayload, SkillPayloadSchema } from './skill.ts'
import { type NewTaskStatusPayload, type TaskStatusPayload, TaskStatusPayloadSchema } from './task-status.ts'
import { type NewTracePayload, type TracePayload, TracePayloadSchema } from './trace.ts'
import { type NewZonePayload, type ZonePayload, ZonePayloadSchema } from './zone.ts'

/** Payloads by type, as readers get them. */
export interface Payloads {
  request: RequestPayload
  response: ResponsePayload
  task_status: TaskStatusPayload
  announce: AnnouncePayload
  zone: ZonePayload
  skill: SkillPayload
  memory: MemoryPayload
  trace: TracePayload
  audit: AuditPayload
  approval: ApprovalPayload
}

/** Payloads by type, as writers give them: what has a default, or may be null, may be left out. */
export interface NewPayloads {
  request: NewRequestPayload
  response: NewResponsePayload
  task_status: NewTaskStatusPayload
  announce: NewAnnouncePayload
  zone: NewZonePayload
  skill: NewSkillPayload
  memory: NewMemoryPayload
  trace: NewTracePayload
  audit: NewAuditPayload
  approval: NewApprovalPayload
}

export type EnvelopeType = keyof Payloads

export const PAYLOAD_SCHEMAS: Readonly<Record<EnvelopeType, TSchema>> = {
  request: RequestPayloadSchema,
  response: ResponsePayloadSchema,
  task_status: TaskStatusPayloadSchema,
  announce: AnnouncePayloadSchema,
  zone: ZonePayloadSchema,
  skill: SkillPayloadSchema,
  memory: MemoryPayloadSchema,
  trace: TracePayloadSchema,
  audit: AuditPayloadSchema,
  approval: ApprovalPayloadSchema,
}

export function isEnvelopeType(value: string): value is EnvelopeType {
  return Object.hasOwn(PAYLOAD_SCHEMAS, value)
}
