import { AppError, formatPlace, formatTimestamp } from '@kafclaw/envelope'
import { connectGroup, EXIT, type Host } from '@kafclaw/runtime'
import { countingRequest, type TaskState } from '@kafclaw/tasks'
import type { CancelOptions } from '../commands/tasks.ts'
import { commandSenderId, openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { readTask } from './read-task.ts'
import type { TaskHistory } from './task-history.ts'

/**
 * Writes the terminal answer `cancelled` to the home partition of the task and says which answer is the first one there:
 * only that is the outcome, and whoever works on the task reads it and stops.
 */
export async function cancelTask(invocation: Invocation, taskId: string, { reason }: CancelOptions): Promise<number> {
  const { output } = invocation
  await using host = openGroup(invocation)
  const before = await readTask(host, taskId)
  const written = before.task.outcome ? null : await writeCancel(host, before.task, reason?.trim() || null)
  const after = written ? await readTask(host, taskId) : before
  const outcome = after.responses.find(({ ignored }) => ignored === null)
  // Written and acknowledged, so at least our own answer is there.
  if (!outcome) throw new AppError('KC_BUG', `Task "${taskId}" has no outcome after it was cancelled.`)
  const isOurs = written === outcome.envelope.id
  const { topic, partition, offset } = outcome
  const { status } = outcome.envelope.payload
  const value = {
    task_id: taskId,
    cancelled: isOurs,
    status,
    sender_id: outcome.envelope.sender_id,
    topic,
    partition,
    offset,
    appended_at: formatTimestamp(outcome.timestampMs),
  }
  const place = formatPlace(outcome)
  output.data(value, () => `${taskId} ${isOurs ? 'is' : 'was already'} ${status} (${place})`)
  if (isOurs) output.note(describeHolder(before))
  else output.note(`not cancelled: ${outcome.envelope.sender_id} had ended the task as ${status} before`)
  return isOurs ? EXIT.done : EXIT.notGood
}

/** Returns the id of the record that was written. */
async function writeCancel(host: Host, task: TaskState, reason: string | null): Promise<string> {
  const { log, env, settings } = host
  const { group, zone } = settings
  const request = countingRequest(task)
  const client = await connectGroup({ log, env, group, zone, senderId: commandSenderId(host) })
  try {
    const { envelope } = await client.publish({
      type: 'response',
      recipient_id: request?.senderId ?? null,
      correlation_id: task.taskId,
      causation_id: request?.recordId ?? null,
      payload: {
        status: 'cancelled',
        error: {
          code: 'KC_TASK_CANCELLED',
          message: reason === null ? 'The task was cancelled.' : `The task was cancelled: ${reason}`,
          retryable: false,
        },
      },
    })
    return envelope.id
  } finally {
    await client.close()
  }
}

function describeHolder({ attempts }: TaskHistory): string {
  const holder = attempts.find(({ end }) => end === 'holds')
  return holder ? `${holder.agentId} stops working on it as soon as it reads that` : 'nobody was working on it'
}
