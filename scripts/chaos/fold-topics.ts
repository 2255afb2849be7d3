import { decode, formatPlace, topicName } from '@kafclaw/envelope'
import { type Log, readAll } from '@kafclaw/kafka'
import { foldRequest, foldResponse, foldStatus, isHome, newTask, type TaskState } from '@kafclaw/tasks'

/** The state of every task of a zone by the rules, read from offset 0: what every reader must come to. */
export async function foldTopics(
  log: Log,
  scope: { group: string; zone: string },
  partitions: number,
): Promise<Map<string, TaskState>> {
  const tasks = new Map<string, TaskState>()
  const change = (taskId: string, fold: (task: TaskState) => TaskState): void => {
    tasks.set(taskId, fold(tasks.get(taskId) ?? newTask(taskId)))
  }
  for (const record of await readAll(
    log,
    (['requests', 'tasks_status', 'responses'] as const).map((kind) => topicName(scope, kind)),
  )) {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope') continue
    const { envelope } = decoded
    if (envelope.type === 'request')
      change(envelope.correlation_id, (task) => foldRequest(task, envelope, formatPlace(record)))
    else if (envelope.correlation_id === null || !isHome(envelope.correlation_id, record.partition, partitions))
      continue
    else if (envelope.type === 'task_status')
      change(envelope.correlation_id, (task) => foldStatus(task, envelope, record.offset))
    else if (envelope.type === 'response')
      change(envelope.correlation_id, (task) => foldResponse(task, envelope, record.offset))
  }
  return tasks
}
