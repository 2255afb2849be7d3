import type { Env, Timer } from '@kafclaw/env'
import { type Candidate, type Claimant, type ClaimDecision, decideClaim } from '@kafclaw/tasks'
import { createClaimQueue } from './claim-queue.ts'
import type { MemberEvents } from './member-events.ts'
import type { StoredTask, TaskStore } from './task-store.ts'

export interface DueClaim {
  task: StoredTask
  decision: Extract<ClaimDecision, { kind: 'claim' }>
  runId: string
}

/** Which tasks this agent claims and when; what it has claimed and not read back yet. */
export interface Claims {
  /** The log said something new of these tasks. */
  changed(tasks: Iterable<StoredTask>): void
  /** Inside a transaction: the claims that are due, at most as many as there are free slots. */
  takeDue(): DueClaim[]
  /** The transaction with those claims was committed, or it was not. */
  settle(committed: boolean): void
  /** The claim that was read as the holder; true when it is one of ours that waits to be confirmed. */
  confirm(task: StoredTask): boolean
  /** Looks again at tasks that somebody holds: holders may be absent by now. With `all`, at every open task. */
  reconsider(all: boolean): void
  pendingCount(): number
}

export interface ClaimsOptions {
  env: Env
  tasks: TaskStore
  events: MemberEvents
  me(): Omit<Claimant, 'candidates'>
  candidates(skill: string): readonly Candidate[]
  /** Skills that a foreign consumer group serves: natives leave them alone. */
  isServedByGroup(skill: string): boolean
  freeSlots(): number
  /** Nothing is claimed before the reader has caught up and the first beat was read back, nor while stopping. */
  mayClaim(): boolean
  /** A task has fallen due: a transaction should take it. */
  onDue(): void
}

export function createClaims(options: ClaimsOptions): Claims {
  const { env, tasks } = options
  /** Tasks of our own rank go first, so that under load the agents do not race for the same ones. */
  const ownRank = createClaimQueue()
  const otherRanks = createClaimQueue()
  const pending = new Map<string, { runId: string; attempt: number }>()
  /** Since when a task stands as it stands, monotonic. */
  const since = new Map<string, number>()
  // What an earlier process left open has waited longest: it goes before what is read from now on.
  for (const task of tasks.open()) since.set(task.taskId, env.monotonicMs())
  let staged: DueClaim[] = []
  let timer: Timer | null = null

  function decide(task: StoredTask): ClaimDecision {
    if (task.finished || pending.has(task.taskId)) return { kind: 'held' }
    const decision = decideClaim(task, { ...options.me(), candidates: options.candidates })
    return decision.kind === 'claim' && options.isServedByGroup(decision.request.skill) ? { kind: 'held' } : decision
  }

  function enqueue(task: StoredTask, decision: Extract<ClaimDecision, { kind: 'claim' }>): void {
    const queue = decision.waitMs === 0 ? ownRank : otherRanks
    queue.add(task.taskId, (since.get(task.taskId) ?? env.monotonicMs()) + decision.waitMs)
  }

  function look(task: StoredTask): void {
    if (task.outcome !== null) {
      pending.delete(task.taskId)
      since.delete(task.taskId)
      return
    }
    since.set(task.taskId, env.monotonicMs())
    const claimed = pending.get(task.taskId)
    if (claimed && task.claim && task.claim.runId !== claimed.runId && task.claim.attempt >= claimed.attempt) {
      pending.delete(task.taskId)
      options.events.claim('lost')
    }
    const decision = decide(task)
    if (decision.kind === 'claim') enqueue(task, decision)
  }

  function takeOne(): DueClaim | null {
    const nowMs = env.monotonicMs()
    for (;;) {
      const taskId = ownRank.take(nowMs) ?? otherRanks.take(nowMs)
      if (taskId === null) return null
      const task = tasks.get(taskId)
      const decision = decide(task)
      if (decision.kind !== 'claim') continue
      if ((since.get(taskId) ?? 0) + decision.waitMs > nowMs) enqueue(task, decision)
      else return { task, decision, runId: env.newId() }
    }
  }

  /** Wakes when the next task falls due; without a free slot the end of a run wakes instead. */
  function arm(): void {
    timer?.cancel()
    timer = null
    if (!options.mayClaim() || options.freeSlots() - pending.size <= 0) return
    const dueMs = Math.min(ownRank.nextDueMs() ?? Infinity, otherRanks.nextDueMs() ?? Infinity)
    if (dueMs === Infinity) return
    const waitMs = dueMs - env.monotonicMs()
    if (waitMs <= 0) options.onDue()
    else timer = env.setTimer(waitMs, options.onDue)
  }

  return {
    changed(changedTasks) {
      for (const task of changedTasks) look(task)
    },
    takeDue() {
      if (!options.mayClaim()) return []
      for (let free = options.freeSlots() - pending.size; free > 0; free--) {
        const due = takeOne()
        if (!due) break
        staged.push(due)
        // Seen by `decide` at once: one transaction does not claim a task twice.
        pending.set(due.task.taskId, { runId: due.runId, attempt: due.decision.attempt })
      }
      return staged
    },
    settle(committed) {
      if (!committed) {
        for (const due of staged) {
          pending.delete(due.task.taskId)
          ownRank.add(due.task.taskId, env.monotonicMs())
        }
      }
      staged = []
      arm()
    },
    confirm(task) {
      const claimed = pending.get(task.taskId)
      if (!claimed || task.claim?.runId !== claimed.runId) return false
      pending.delete(task.taskId)
      options.events.claim('won')
      return true
    },
    reconsider(all) {
      for (const task of tasks.open()) {
        if (!all && task.claim === null) continue
        const decision = decide(task)
        if (decision.kind !== 'claim') continue
        if (!since.has(task.taskId)) since.set(task.taskId, env.monotonicMs())
        enqueue(task, decision)
      }
      arm()
    },
    pendingCount: () => pending.size,
  }
}
