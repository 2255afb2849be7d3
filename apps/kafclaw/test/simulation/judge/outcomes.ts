import type { Db } from '@kafclaw/storage'
import type { TaskState } from '@kafclaw/tasks'
import { createTaskList } from '../../../src/tasks/fold-tasks.ts'
import { DATA, LEASE_MS, PARTITIONS } from '../stage.ts'
import type { World } from '../world.ts'
import type { Evidence } from './evidence.ts'

const KINDS: ReadonlySet<string> = new Set(['requests', 'skill_requests', 'tasks_status', 'responses'])

/** Every task has one outcome, and all who keep tasks have the state that the log has. */
export function judgeOutcomes(world: World, { records, machines }: Evidence): void {
  const list = createTaskList({ partitions: PARTITIONS, leaseMs: LEASE_MS })
  for (const { record, kind } of records) if (KINDS.has(kind)) list.fold(record)
  const tasks = list.all().map(({ task }) => task)
  const byId = new Map(tasks.map((task) => [task.taskId, task]))
  for (const task of tasks) {
    if (task.requests.length > 0 && task.outcome === null) world.breach('no outcome', viewOf(task))
  }
  for (const { task, endedMs } of list.all()) {
    const firstMs = Math.min(...task.requests.map(({ expiresAtMs }) => expiresAtMs))
    if (task.outcome?.status === 'expired' && (endedMs ?? 0) <= firstMs)
      world.breach('expired early', `${task.taskId} was to live until ${firstMs}, and ended at ${endedMs}`)
  }
  for (const taskId of world.acknowledged) {
    if (!byId.has(taskId)) world.breach('no outcome', `${taskId} was acknowledged and is not on the log`)
  }
  for (const [taskId, recordId] of world.told) {
    const outcome = byId.get(taskId)?.outcome
    if (outcome?.recordId !== recordId)
      world.breach('the client was told otherwise', `${taskId}: ${recordId}, the log says ${outcome?.recordId}`)
  }
  for (const { name, id, files, isReplaced } of machines) {
    const db = files.peek(DATA.member(id).stateDb)
    if (db && !isReplaced()) compare(world, { name, db, tasks })
  }
}

interface TaskRow {
  requests: string
  bound: string | null
  claim: string | null
  released: TaskState['released']
  assigned: string | null
  outcome: string | null
}

function compare(world: World, { name, db, tasks }: { name: string; db: Db; tasks: readonly TaskState[] }): void {
  const select = db.prepare<[string], TaskRow>(
    'select requests, bound, claim, released, assigned, outcome from task where task_id = ?',
  )
  for (const task of tasks) {
    const row = select.get(task.taskId)
    const kept = row && viewOf(fromRow(task.taskId, row))
    if (kept !== viewOf(task)) world.breach('readers disagree', `${name} keeps ${kept}; the log says ${viewOf(task)}`)
  }
  const known = new Set(tasks.map(({ taskId }) => taskId))
  for (const { task_id } of db.prepare<[], { task_id: string }>('select task_id from task').all()) {
    if (!known.has(task_id)) world.breach('readers disagree', `${name} keeps ${task_id}, which is not on the log`)
  }
}

function fromRow(taskId: string, row: TaskRow): TaskState {
  return {
    taskId,
    requests: JSON.parse(row.requests),
    bound: row.bound,
    claim: JSON.parse(row.claim ?? 'null'),
    released: row.released,
    assigned: JSON.parse(row.assigned ?? 'null'),
    outcome: JSON.parse(row.outcome ?? 'null'),
  }
}

/** A task as text; requests in whatever order their topics were read. */
function viewOf({ taskId, requests, bound, claim, released, assigned, outcome }: TaskState): string {
  return JSON.stringify({
    taskId,
    requests: requests.toSorted((a, b) => (a.place < b.place ? -1 : 1)),
    bound,
    claim,
    released,
    assigned,
    outcome,
  })
}
