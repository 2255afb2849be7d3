import type { ResponseEnvelope } from '@kafclaw/envelope'
import type { TaskState } from './task-state.ts'

/** R3: the first terminal response in log order is the outcome, whichever run sent it. Give it records of the home partition only. */
export function foldResponse<T extends TaskState>(task: T, envelope: ResponseEnvelope, offset: number): T {
  if (task.outcome !== null && task.outcome.offset <= offset) return task
  const { payload } = envelope
  return {
    ...task,
    outcome: {
      status: payload.status,
      recordId: envelope.id,
      senderId: envelope.sender_id,
      runId: payload.run_id,
      offset,
    },
  }
}
