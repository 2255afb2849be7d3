import { hash } from 'node:crypto'
import type { RecordPlace } from './record.ts'

/**
 * The id of a record that carries none: UUIDv8 (RFC 9562 section 5.8) of the first 16 bytes of SHA-256 over the ASCII text
 * `<topic>\n<partition>\n<offset>\n<record timestamp ms>`. A redelivery therefore keeps its id.
 */
export function deriveRecordId(record: RecordPlace & { timestampMs: number }): string {
  return uuidV8(sha256(`${record.topic}\n${record.partition}\n${record.offset}\n${record.timestampMs}`))
}

/** `task_` and the UUIDv8 of SHA-256 over the parts joined by newlines: asking twice is asking once. */
export function deriveTaskId(parts: readonly string[]): string {
  return `task_${deriveId(parts)}`
}

/** UUIDv8 of SHA-256 over the parts joined by newlines, for things that must get the same id each time they are made. */
export function deriveId(parts: readonly string[]): string {
  return uuidV8(sha256(parts.join('\n')))
}

/** The id of a question about a try of a step: it binds what is shown, so that a decision about anything else does not fit. */
export function approvalIdFor(about: { taskId: string; step: number; redo: number; content: string }): string {
  return `approval_${deriveId([about.taskId, String(about.step), String(about.redo), about.content])}`
}

/** The task id of a request that names none. */
export function taskIdOfRequest(recordId: string): string {
  return `task_${recordId}`
}

/** SHA-256 of a text in UTF-8, as 64 lower case hex digits. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}

function uuidV8(digest: string): string {
  const variant = '89ab'.charAt(Number.parseInt(digest.charAt(16), 16) & 3)
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`
}
