import type { TaskState } from '@kafclaw/tasks'

/** How many open tasks each agent holds or has been assigned, counted from the log as it is read. */
export interface Workloads {
  update(task: TaskState): void
  /** Counts an assignment before it has been read back. */
  assigned(taskId: string, agentId: string): void
  of(agentId: string): number
}

export function createWorkloads(): Workloads {
  const holders = new Map<string, string>()
  const counts = new Map<string, number>()
  function move(taskId: string, to: string | null): void {
    const from = holders.get(taskId) ?? null
    if (from === to) return
    if (from !== null) counts.set(from, (counts.get(from) ?? 1) - 1)
    if (to === null) holders.delete(taskId)
    else {
      holders.set(taskId, to)
      counts.set(to, (counts.get(to) ?? 0) + 1)
    }
  }
  return {
    update(task) {
      if (task.outcome !== null) move(task.taskId, null)
      else if (task.claim && task.released === null) move(task.taskId, task.claim.agentId)
      else if (task.assigned) move(task.taskId, task.assigned.agentId)
    },
    assigned: move,
    of: (agentId) => counts.get(agentId) ?? 0,
  }
}
