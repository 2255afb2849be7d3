import { parseTimestamp, type RequestEnvelope } from '@kafclaw/envelope'
import type { AskedRequest, TaskState } from './task-state.ts'

/** R1: all requests with one task id are one task; the same place read twice is read once. */
export function foldRequest<T extends TaskState>(task: T, envelope: RequestEnvelope, place: string): T {
  if (task.requests.some((request) => request.place === place)) return task
  return { ...task, requests: [...task.requests, toAskedRequest(envelope, place)] }
}

function toAskedRequest(envelope: RequestEnvelope, place: string): AskedRequest {
  return {
    place,
    recordId: envelope.id,
    expiresAtMs: parseTimestamp(envelope.expires_at) ?? 0,
    recipientId: envelope.recipient_id,
    skill: envelope.payload.skill,
    senderId: envelope.sender_id,
    parentTaskId: envelope.payload.parent_task_id,
  }
}
