import { AppError, type RawRecord, topicName } from '@kafclaw/envelope'
import type { Host } from '@kafclaw/runtime'
import { homePartition } from '@kafclaw/tasks'
import { readToEnd } from '../group/read-to-end.ts'
import { requireTopics } from '../group/require-topics.ts'
import { taskTopics } from './fold-tasks.ts'
import { createTaskHistory, type TaskHistory } from './task-history.ts'

/** What is read in the same go: further topics, and every record on the way. */
export interface AlsoRead {
  topics: readonly string[]
  onRecord(record: RawRecord): void
}

/** All that the topics of the zone hold about one task. Errors: KC_NOT_FOUND when that is nothing, KC_GROUP_MISSING. */
export async function readTask(host: Host, taskId: string, also?: AlsoRead): Promise<TaskHistory> {
  const { topics: names, zone } = await requireTopics(host)
  const { fold, history } = createTaskHistory(taskId, zone.partitions)
  const traces = topicName(host.settings, 'traces')
  const home = homePartition(taskId, zone.partitions)
  await readToEnd(host.log, [...taskTopics(names, host.settings), traces, ...(also?.topics ?? [])], {
    // The largest topic: of it only what can be about this task.
    position: (topic, partition) => (topic === traces && partition !== home ? 'end' : 'start'),
    onRecord(record) {
      fold(record)
      also?.onRecord(record)
    },
  })
  const found = history()
  if (found.requests.length + found.statuses.length + found.responses.length > 0) return found
  throw new AppError(
    'KC_NOT_FOUND',
    `Nothing is known of task "${taskId}" in zone "${host.settings.zone}" of group "${host.settings.group}". "kafclaw tasks" lists those that are.`,
  )
}
