import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { GroupView, StoredTask } from '@kafclaw/runtime'
import { dutyDelayMs } from '@kafclaw/tasks'
import type { Logger } from '@kafclaw/telemetry'
import { chooseAgent } from './choose-agent.ts'
import { nextAttempt } from './next-attempt.ts'
import { createWorkloads } from './workloads.ts'

interface AssignmentToWrite {
  taskId: string
  attempt: number
  assignee: string
  causationId: string
}

/** Writes for each task that nobody runs who should: at once, anew after a lease without a claim, by rank among orchestrators. */
export interface Advisor {
  /** The log said something new of these tasks. */
  consider(tasks: Iterable<StoredTask>): void
  /** The clock of the log has moved: assignments may be stale, holders absent, agents free. */
  considerAll(): void
}

export interface AdvisorOptions {
  env: Env
  logger: Logger
  agentId: string
  view: GroupView
  assign(assignment: AssignmentToWrite): Promise<void>
}

interface Advice {
  attempt: number
  assignee: string
  /** Monotonic, when it was written here or first seen. */
  sinceMs: number
}

export function createAdvisor(options: AdvisorOptions): Advisor {
  const { env, view, agentId } = options
  const workloads = createWorkloads()
  /** The last advice for each open task: written by us and perhaps not read back yet, or read from another orchestrator. */
  const given = new Map<string, Advice>()
  const waiting = new Set<string>()

  function consider(tasks: Iterable<StoredTask>): void {
    for (const task of tasks) {
      workloads.update(task)
      if (task.outcome !== null) given.delete(task.taskId)
      else {
        noteForeign(task)
        look(task)
      }
    }
  }

  /** An assignment that another orchestrator wrote counts as ours would. */
  function noteForeign({ taskId, assigned }: StoredTask): void {
    if (assigned === null) return
    const known = given.get(taskId)
    if (known && known.attempt === assigned.attempt && known.assignee === assigned.agentId) return
    given.set(taskId, { attempt: assigned.attempt, assignee: assigned.agentId, sinceMs: env.monotonicMs() })
  }

  function look(task: StoredTask): void {
    const next = nextAttempt(task, view)
    if (next === null || waiting.has(task.taskId) || isFresh(task.taskId, next.attempt)) return
    const orchestrators = view.live().filter(({ manifest }) => manifest.role === 'orchestrator')
    const live = orchestrators.map((entry) => entry.agentId)
    const delayMs = dutyDelayMs(`${task.taskId}\n${next.attempt}`, agentId, { live })
    if (delayMs === 0) {
      write(task, next)
      return
    }
    waiting.add(task.taskId)
    env.setTimer(delayMs, () => {
      waiting.delete(task.taskId)
      for (const open of view.openTasks()) if (open.taskId === task.taskId) lookAgain(open)
    })
  }

  function lookAgain(task: StoredTask): void {
    const next = nextAttempt(task, view)
    if (next !== null && !isFresh(task.taskId, next.attempt)) write(task, next)
  }

  function isFresh(taskId: string, attempt: number): boolean {
    const advice = given.get(taskId)
    return advice?.attempt === attempt && env.monotonicMs() - advice.sinceMs <= view.leaseMs()
  }

  function write(task: StoredTask, next: { attempt: number; skill: string; recordId: string }): void {
    const before = given.get(task.taskId)
    const assignee = chooseAgent({
      ...next,
      taskId: task.taskId,
      live: view.live(),
      loadOf: workloads.of,
      // Whoever let an assignment pass is asked again only if nobody else can do it.
      ...(before?.attempt === next.attempt ? { notFirst: before.assignee } : {}),
    })
    if (assignee === null) return
    given.set(task.taskId, { attempt: next.attempt, assignee, sinceMs: env.monotonicMs() })
    workloads.assigned(task.taskId, assignee)
    options
      .assign({ taskId: task.taskId, attempt: next.attempt, assignee, causationId: next.recordId })
      .catch((error: unknown) => {
        given.delete(task.taskId)
        const known = AppError.fromUnknown(error, 'KC_BUG')
        options.logger.debug(
          { code: known.code, taskId: task.taskId },
          `an assignment was not written: ${known.message}`,
        )
      })
  }

  return {
    consider,
    considerAll: () => consider(view.openTasks()),
  }
}
