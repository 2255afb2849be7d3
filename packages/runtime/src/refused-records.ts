import { type AppError, parseTopicName } from '@kafclaw/envelope'
import type { GroupCommit } from './group-commit.ts'
import type { MemberEvents } from './member-events.ts'
import type { Outbox, OutboxRow } from './outbox.ts'
import type { Sender } from './sender.ts'
import type { TaskStore } from './task-store.ts'

/**
 * What becomes of a record that the cluster will never take: its row is parked for a person to see; an answer that is too
 * large is replaced by a small failure, so that the task has an outcome; one that is not authorised leaves the task to others.
 */
export function createRefusal(parts: {
  commit: GroupCommit
  outbox: Outbox
  tasks: TaskStore
  sender: Sender
  events: MemberEvents
}): (row: OutboxRow, error: AppError) => Promise<void> {
  const { commit, outbox, tasks, sender, events } = parts
  return (row, error) => {
    events.refused(row.record.topic, error)
    return commit.submit(() => {
      outbox.park(row, `${error.code}: ${error.message}`)
      if (parseTopicName(row.record.topic)?.kind !== 'responses') return
      const taskId = row.record.key?.toString() ?? ''
      const task = tasks.get(taskId)
      if (task.outcome !== null || !task.finished) return
      if (error.code === 'KC_KAFKA_RECORD_TOO_LARGE') {
        const message =
          'The answer is larger than the cluster takes; ask for a shorter one, or raise max.message.bytes of the responses topic.'
        sender.send({
          type: 'response',
          correlation_id: taskId,
          payload: {
            status: 'failed',
            error: { code: error.code, message, retryable: false },
            ...(task.claim ? { run_id: task.claim.runId } : {}),
          },
        })
      } else {
        tasks.put({ ...task, finished: false, released: 'error' })
      }
    })
  }
}
