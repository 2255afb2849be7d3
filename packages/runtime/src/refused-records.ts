import { type AppError, parseTopicName } from '@kafclaw/envelope'
import type { GroupCommit } from './group-commit.ts'
import type { MemberEvents } from './member-events.ts'
import type { Outbox, OutboxEntry } from './outbox.ts'
import type { Sender } from './sender.ts'
import type { TaskStore } from './task-store.ts'

/** What becomes of records that the cluster will never take. */
export interface Refusal {
  refused(entry: OutboxEntry, error: AppError): Promise<void>
  /** Whether the release of the task has not been read back yet: till then it would be claimed again at once, as a run of our own. */
  isGivenBack(taskId: string): boolean
}

/**
 * The record is parked for a person to see; an answer that is too large is replaced by a small failure, so that the task has an
 * outcome; one that is not authorised leaves the task to others.
 */
export function createRefusal(parts: {
  commit: GroupCommit
  outbox: Outbox
  tasks: TaskStore
  sender: Sender
  events: MemberEvents
}): Refusal {
  const { commit, outbox, tasks, sender, events } = parts
  /** Task -> the run that gives it back. */
  const givenBack = new Map<string, string>()

  function refused(entry: OutboxEntry, error: AppError): Promise<void> {
    events.refused(entry.record.topic, error)
    return commit.submit(() => {
      outbox.park(entry, `${error.code}: ${error.message}`)
      if (parseTopicName(entry.record.topic)?.kind !== 'responses') return
      const answer: Answer = JSON.parse(entry.record.value?.toString() ?? '{}')
      const task = tasks.get(answer.correlation_id)
      // Another run may hold the task by now: what becomes of it is not ours to say.
      if (task.outcome !== null || !task.finished || task.claim === null || task.claim.runId !== answer.payload.run_id)
        return
      const about = { correlation_id: task.taskId, causation_id: task.claim.recordId }
      if (error.code === 'KC_KAFKA_RECORD_TOO_LARGE') {
        const failure = { code: error.code, message: TOO_LARGE, retryable: false }
        sender.send({
          type: 'response',
          ...about,
          payload: { status: 'failed', error: failure, run_id: task.claim.runId },
        })
        return
      }
      const { attempt, runId, agentId, boot } = task.claim
      sender.send({
        type: 'task_status',
        ...about,
        payload: { status: 'released', reason: 'error', attempt, run_id: runId, agent_id: agentId, boot },
      })
      givenBack.set(task.taskId, runId)
      tasks.put({ ...task, finished: false })
    })
  }

  return {
    refused,
    isGivenBack(taskId) {
      const runId = givenBack.get(taskId)
      if (runId === undefined) return false
      const { claim, released } = tasks.get(taskId)
      if (claim?.runId === runId && released === null) return true
      givenBack.delete(taskId)
      return false
    },
  }
}

const TOO_LARGE =
  'The answer is larger than the cluster takes; ask for a shorter one, or raise max.message.bytes of the responses topic.'

/** What counts here of an answer that this service has written itself. */
interface Answer {
  correlation_id: string
  payload: { run_id?: string }
}
