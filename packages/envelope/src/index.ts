export { AppError, type AppErrorOptions } from './app-error.ts'
export { createEnvelope, traceBelow } from './create-envelope.ts'
export { type DeadLetter, type DeadLetterReason, deadLetterRecord } from './dead-letter.ts'
export { type Decoded, decode } from './decode.ts'
export { approvalIdFor, deriveId, deriveRecordId, deriveTaskId, sha256 } from './derived-id.ts'
export { type EncodedRecord, type EncodeOptions, encode, headersOf, recordKey, WRITE_LIMIT_BYTES } from './encode.ts'
export type {
  AnnounceEnvelope,
  ApprovalEnvelope,
  Envelope,
  EnvelopeOf,
  Labels,
  MemoryEnvelope,
  NewEnvelope,
  RequestEnvelope,
  ResponseEnvelope,
  SkillEnvelope,
  TaskStatusEnvelope,
  TraceContext,
  TraceEnvelope,
  ZoneEnvelope,
} from './envelope.ts'
export { SCHEMA_VERSION } from './envelope.ts'
export { ERRORS, type ErrorCode, type ErrorEntry, isErrorCode, type PoisonCode } from './errors.ts'
export { fitsIntoRecord } from './free-form.ts'
export { isId, isName, isSkillName } from './names.ts'
export { partitionFor } from './partition.ts'
export type { BlobRef } from './payloads/blob-ref.ts'
export type { Citation, NewCitation } from './payloads/citation.ts'
export type { EnvelopeType, NewPayloads, Payloads } from './payloads/payload-table.ts'
export { DEFAULT_SKILL, type NewRequestPayload, type RequestPayload } from './payloads/request.ts'
export type { NewResponsePayload, ResponsePayload, ResponseStatus } from './payloads/response.ts'
export type { NewTaskStatusPayload, TaskStatus, TaskStatusPayload } from './payloads/task-status.ts'
export type { NewTracePayload, TracePayload } from './payloads/trace.ts'
export type { NewUsage, Usage } from './payloads/usage.ts'
export { rankNumber } from './rank.ts'
export { formatPlace, lastHeader, parsePlace, type RawRecord, type RecordHeaders, type RecordPlace } from './record.ts'
export { formatTimestamp, parseTimestamp } from './timestamp.ts'
export { offsetGroupName, parseTopicName, type TopicAddress, topicName } from './topic-name.ts'
export { TASK_PARTITIONS, TOPICS, type TopicKind, type TopicSpec, topicConfigs } from './topics.ts'
