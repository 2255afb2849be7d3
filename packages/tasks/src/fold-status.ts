import { formatPlace, type TaskStatusEnvelope } from '@kafclaw/envelope'
import type { Claim, TaskState } from './task-state.ts'

/**
 * R2: for one attempt the first claim in log order holds; a higher attempt supersedes a lower one from its offset on.
 * Records of a run that does not hold the claim change nothing. Give it records of the home partition only, in log order.
 */
export function foldStatus<T extends TaskState>(task: T, envelope: TaskStatusEnvelope, offset: number): T {
  const { payload } = envelope
  switch (payload.status) {
    case 'claimed': {
      if (task.claim !== null && payload.attempt <= task.claim.attempt) return task
      const claim: Claim = {
        attempt: payload.attempt,
        runId: payload.run_id,
        agentId: payload.agent_id,
        boot: payload.boot,
        recordId: envelope.id,
        offset,
        request: formatPlace(payload.request),
        journalFrom: payload.journal_from ?? 0,
        fruitless: payload.fruitless,
        hasProgressed: false,
      }
      return { ...task, claim, released: null, bound: task.bound ?? claim.request }
    }
    case 'released':
      if (task.claim === null || payload.run_id !== task.claim.runId || task.released !== null) return task
      // Read again after a restart, a release that stood before the claim must not count now either.
      if (offset < task.claim.offset) return task
      return { ...task, released: payload.reason === 'error' ? 'error' : 'shutdown' }
    case 'assigned':
      if (task.assigned !== null && offset <= task.assigned.offset) return task
      return { ...task, assigned: { attempt: payload.attempt, agentId: payload.agent_id, offset } }
    case 'progress':
      if (payload.step === null || task.claim?.runId !== payload.run_id || task.released !== null) return task
      if (task.claim.hasProgressed || offset < task.claim.offset) return task
      return { ...task, claim: { ...task.claim, hasProgressed: true } }
    default:
      return task
  }
}
