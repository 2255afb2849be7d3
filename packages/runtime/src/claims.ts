import type { Env, Timer } from '@kafclaw/env'
import { type Candidate, type Claimant, type ClaimDecision, decideClaim } from '@kafclaw/tasks'
import { createClaimQueue } from './claim-queue.ts'
import type { StoredTask, TaskStore } from './task-store.ts'

export interface DueClaim {
  task: StoredTask
  decision: Extract<ClaimDecision, { kind: 'claim' }>
  runId: string
}

/** Which tasks this agent claims, and when. */
export interface Claims {
  /** The log said something new of these tasks. */
  changed(tasks: Iterable<StoredTask>): void
  /** Inside a transaction: the claims that are due, at most as many as there are free slots. */
  takeDue(): DueClaim[]
  /** Tasks that were given up since the last call. */
  takeExhausted(): string[]
  /** The transaction with those claims was committed, or it was not; returns what was committed. */
  settle(committed: boolean): readonly DueClaim[]
  /** A slot is free, or time has passed: looks when the next claim is due. */
  arm(): void
  /** Looks again at tasks that somebody holds: holders may be absent by now. With `all`, at every open task. */
  reconsider(all: boolean): void
  /** Tasks that wait here to be claimed. */
  waiting(): number
}

export interface ClaimsOptions {
  env: Env
  tasks: TaskStore
  me(): Omit<Claimant, 'candidates' | 'isRunning'>
  candidates(skill: string): readonly Candidate[]
  /** Skills that a foreign consumer group serves: natives leave them alone. */
  isServedByGroup(skill: string): boolean
  /** Whether a run of ours works on the task, confirmed or not yet, or is giving it back. */
  isRunning(taskId: string): boolean
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
  /** Since when a task stands as it stands, monotonic. */
  const since = new Map<string, number>()
  // What an earlier process left open has waited longest: it goes before what is read from now on.
  for (const task of tasks.open()) since.set(task.taskId, env.monotonicMs())
  let staged = new Map<string, DueClaim>()
  const exhausted = new Set<string>()
  let timer: Timer | null = null

  function decide(task: StoredTask): ClaimDecision {
    if (task.finished || options.isRunning(task.taskId) || staged.has(task.taskId)) return { kind: 'held' }
    const decision = decideClaim(task, {
      ...options.me(),
      candidates: options.candidates,
      isRunning: options.isRunning,
    })
    return decision.kind === 'claim' && options.isServedByGroup(decision.request.skill) ? { kind: 'held' } : decision
  }

  function enqueue(task: StoredTask, decision: Extract<ClaimDecision, { kind: 'claim' }>): void {
    const queue = decision.waitMs === 0 ? ownRank : otherRanks
    queue.add(task.taskId, (since.get(task.taskId) ?? env.monotonicMs()) + decision.waitMs)
  }

  function look(task: StoredTask): void {
    if (task.outcome !== null) {
      since.delete(task.taskId)
      forget(task)
      return
    }
    since.set(task.taskId, env.monotonicMs())
    const decision = decide(task)
    if (decision.kind === 'claim') {
      enqueue(task, decision)
      return
    }
    forget(task)
    if (decision.kind === 'exhausted') exhausted.add(task.taskId)
  }

  function forget({ taskId }: StoredTask): void {
    ownRank.remove(taskId)
    otherRanks.remove(taskId)
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
    if (!options.mayClaim() || options.freeSlots() <= 0) return
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
      const taken: DueClaim[] = []
      for (let free = options.freeSlots() - staged.size; free > 0; free--) {
        const due = takeOne()
        if (!due) break
        // Seen by `decide` at once: one transaction does not claim a task twice.
        staged.set(due.task.taskId, due)
        taken.push(due)
      }
      return taken
    },
    takeExhausted() {
      const given = [...exhausted]
      exhausted.clear()
      return given
    },
    settle(committed) {
      const claims = [...staged.values()]
      staged = new Map()
      if (committed) return claims
      for (const { task } of claims) ownRank.add(task.taskId, env.monotonicMs())
      return []
    },
    arm,
    waiting: () => ownRank.size() + otherRanks.size(),
    reconsider(all) {
      for (const task of tasks.open()) {
        if (!all && task.claim === null) continue
        const decision = decide(task)
        if (decision.kind === 'exhausted') exhausted.add(task.taskId)
        if (decision.kind !== 'claim') continue
        if (!since.has(task.taskId)) since.set(task.taskId, env.monotonicMs())
        enqueue(task, decision)
      }
      if (exhausted.size > 0) options.onDue()
      arm()
    },
  }
}
