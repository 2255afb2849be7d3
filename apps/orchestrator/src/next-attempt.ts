import type { GroupView } from '@kafclaw/runtime'
import { countingRequest, type TaskState } from '@kafclaw/tasks'

/** The attempt that waits for somebody, with what it needs; null when the task is run, ended, expired, or not for us to advise on. */
export function nextAttempt(
  task: TaskState,
  view: Pick<GroupView, 'isAbsent' | 'isServedByGroup' | 'clockMs'>,
): { attempt: number; skill: string; recordId: string } | null {
  const request = countingRequest(task)
  if (task.outcome !== null || request === null) return null
  // A named recipient takes its task itself; a skill served by a foreign group is dealt out by that group.
  if (request.recipientId !== null || view.isServedByGroup(request.skill)) return null
  if (view.clockMs() > request.expiresAtMs) return null
  const { claim } = task
  if (claim && task.released === null && !view.isAbsent({ agentId: claim.agentId, boot: claim.boot })) return null
  return { attempt: (claim?.attempt ?? 0) + 1, skill: request.skill, recordId: request.recordId }
}
