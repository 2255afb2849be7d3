import { decode, formatPlace, parseTopicName } from '@kafclaw/envelope'
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
  for (const record of await readAll(log, await topicsOfTasks(log, scope))) {
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

const KINDS: readonly string[] = ['requests', 'skill_requests', 'tasks_status', 'responses']

async function topicsOfTasks(log: Log, scope: { group: string; zone: string }): Promise<string[]> {
  return (await log.listTopics()).filter((name) => {
    const address = parseTopicName(name)
    return address?.group === scope.group && address.zone === scope.zone && KINDS.includes(address.kind)
  })
}
