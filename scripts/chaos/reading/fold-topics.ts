import { decode, formatPlace, parseTopicName, type RawRecord } from '@kafclaw/envelope'
import { type Log, readAll } from '@kafclaw/kafka'
import { foldRequest, foldResponse, foldStatus, isHome, newTask, type TaskState } from '@kafclaw/tasks'

interface FoldedTopics {
  log: Log
  scope: { group: string; zone: string }
  partitions: number
  /** Hears of each record that is about a task, with the state before and after it. */
  onRecord?(record: RawRecord, before: TaskState, after: TaskState): void
}

/** The state of every task of a zone by the rules, read from offset 0: what every reader must come to. */
export function foldTopics(
  log: Log,
  scope: FoldedTopics['scope'],
  partitions: number,
): Promise<Map<string, TaskState>> {
  return foldWatched({ log, scope, partitions })
}

/** As `foldTopics`, record by record. */
export async function foldWatched({ log, scope, partitions, onRecord }: FoldedTopics): Promise<Map<string, TaskState>> {
  const tasks = new Map<string, TaskState>()
  for (const record of await readAll(log, await topicsOfTasks(log, scope))) {
    const change = (taskId: string, fold: (task: TaskState) => TaskState): void => {
      const before = tasks.get(taskId) ?? newTask(taskId)
      const after = fold(before)
      tasks.set(taskId, after)
      onRecord?.(record, before, after)
    }
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

async function topicsOfTasks(log: Log, scope: FoldedTopics['scope']): Promise<string[]> {
  return (await log.listTopics()).filter((name) => {
    const address = parseTopicName(name)
    return address?.group === scope.group && address.zone === scope.zone && KINDS.includes(address.kind)
  })
}
