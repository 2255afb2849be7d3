import { decode, formatPlace, parseTopicName, type RawRecord, type RequestEnvelope, topicName } from '@kafclaw/envelope'
import type { ZoneSettings } from '@kafclaw/runtime'
import { foldRequest, foldResponse, foldStatus, isHome, newTask, type TaskState } from '@kafclaw/tasks'

/** A task of the zone as the log has it, with what a list shows beside its state. */
export interface ListedTask {
  task: TaskState
  /** The first request that was read; null when retention has deleted it. */
  request: RequestEnvelope | null
  /** Append time of that request, else of the first record about the task. Epoch ms. */
  askedMs: number
  /** Append time of the outcome. */
  endedMs: number | null
}

/** Topics that say what became of tasks: all requests, status records and responses of the zone. */
export function taskTopics(names: Iterable<string>, scope: { group: string; zone: string }): string[] {
  const fixed = [topicName(scope, 'requests'), topicName(scope, 'tasks_status'), topicName(scope, 'responses')]
  const skills = [...names].filter((name) => {
    const topic = parseTopicName(name)
    return topic?.kind === 'skill_requests' && topic.group === scope.group && topic.zone === scope.zone
  })
  return [...fixed, ...skills]
}

/** The tasks of a zone, folded record by record. */
export interface TaskList {
  fold(record: RawRecord): void
  all(): ListedTask[]
}

/** Folds by the same rules as every member (docs/wire.md, Log order decides); give it the records of a partition in log order. */
export function createTaskList({ partitions }: ZoneSettings): TaskList {
  const listed = new Map<string, ListedTask>()

  function change(taskId: string, timestampMs: number, fold: (entry: ListedTask) => Partial<ListedTask>): void {
    const entry = listed.get(taskId) ?? { task: newTask(taskId), request: null, askedMs: timestampMs, endedMs: null }
    listed.set(taskId, { ...entry, ...fold(entry) })
  }

  return {
    fold(record) {
      const decoded = decode(record)
      if (decoded.kind !== 'envelope') return
      const { envelope } = decoded
      const { timestampMs } = record
      if (envelope.type === 'request') {
        return change(envelope.correlation_id, timestampMs, ({ task, request, askedMs }) => ({
          task: foldRequest(task, envelope, formatPlace(record)),
          ...(request === null ? { request: envelope, askedMs: Math.min(askedMs, timestampMs) } : {}),
        }))
      }
      const taskId = envelope.correlation_id
      if (taskId === null || !isHome(taskId, record.partition, partitions)) return
      if (envelope.type === 'task_status') {
        change(taskId, timestampMs, ({ task }) => ({ task: foldStatus(task, envelope, record.offset) }))
      }
      if (envelope.type === 'response') {
        change(taskId, timestampMs, ({ task, endedMs }) => ({
          task: foldResponse(task, envelope, record.offset),
          endedMs: endedMs ?? timestampMs,
        }))
      }
    },
    all: () => [...listed.values()],
  }
}
