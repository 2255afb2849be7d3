import type { BootName } from './absence.ts'
import { type Candidate, RANK_DELAY_MS, rankOf } from './rank.ts'
import { MOST_FRUITLESS } from './retry-policy.ts'
import { type AskedRequest, countingRequest, type TaskState } from './task-state.ts'

/** What an agent knows of itself and of the others when it looks at a task. */
export interface Claimant {
  agentId: string
  boot: number
  skills: ReadonlySet<string>
  /** Live agents that could take a task of this skill, the claimant among them. */
  candidates(skill: string): readonly Candidate[]
  isAbsent(other: BootName): boolean
  /** Whether this boot works on the task: a claim that it holds and does not work on is claimed anew. */
  isRunning(taskId: string): boolean
  /** Set while an orchestrator beats, or where the zone requires an assignment. */
  orchestration?: { leaseMs: number; isRequired: boolean }
  /** The clock of the log: append time of the newest beat read. Epoch milliseconds. */
  clockMs: number
}

export type ClaimDecision =
  /** Claim `attempt` when `waitMs` have passed since the task came to stand as it stands now. */
  | { kind: 'claim'; attempt: number; waitMs: number; fruitless: number; request: AskedRequest }
  /** Somebody runs it, or its request has not been read: look again when the log says something new. */
  | { kind: 'held' }
  /** Not this agent's task, or nobody's any more. */
  | { kind: 'never'; why: 'ended' | 'recipient' | 'skill' | 'expired' }
  /** Attempt after attempt has ended without a step: the task fails, by rank. */
  | { kind: 'exhausted' }

/**
 * Who may claim, and when (docs/wire.md, Who runs a task): an agent that has the skill or is the recipient, by rank, for
 * attempt 1, after `released` and after an absence that stands in the log; at once for a run of an earlier boot of its own.
 */
export function decideClaim(task: TaskState, me: Claimant): ClaimDecision {
  if (task.outcome !== null) return { kind: 'never', why: 'ended' }
  const request = requestFor(task, me)
  if (request === null) return { kind: 'held' }
  const unfit = whyUnfit(request, me)
  if (unfit !== null) return { kind: 'never', why: unfit }
  const attempt = (task.claim?.attempt ?? 0) + 1
  const grounds = groundsFor(task, me)
  if (grounds === 'held') return { kind: 'held' }
  const fruitless = fruitlessBefore(task, grounds)
  if (fruitless >= MOST_FRUITLESS) return { kind: 'exhausted' }
  const claim = { kind: 'claim', attempt, fruitless, request } as const
  if (grounds === 'own' || request.recipientId !== null) return { ...claim, waitMs: 0 }
  const advice = adviceFor(task, me, attempt)
  if (advice === 'mine') return { ...claim, waitMs: 0 }
  if (advice === 'wait for ever') return { kind: 'held' }
  const rank = rankOf({ taskId: task.taskId, attempt }, me.agentId, me.candidates(request.skill))
  return { ...claim, waitMs: (advice === 'none' ? 0 : advice.leaseMs) + rank * RANK_DELAY_MS }
}

/** A new step sets the count to 0; an end by absence or by an error without one adds to it; an own restart or a shutdown leaves it. */
function fruitlessBefore({ claim }: TaskState, grounds: 'open' | 'released' | 'own' | 'lost'): number {
  if (claim === null || claim.hasProgressed) return 0
  return grounds === 'lost' ? claim.fruitless + 1 : claim.fruitless
}

/**
 * For the lease after an assignment the assigned agent alone claims. While an orchestrator beats, agents wait one lease for
 * its assignment, then rank themselves; where the zone requires one they go on waiting.
 */
function adviceFor(
  task: TaskState,
  me: Claimant,
  attempt: number,
): 'mine' | 'none' | 'wait for ever' | { leaseMs: number } {
  const assigned = task.assigned?.attempt === attempt ? task.assigned : null
  if (assigned?.agentId === me.agentId) return 'mine'
  if (me.orchestration?.isRequired) return 'wait for ever'
  if (me.orchestration) return { leaseMs: me.orchestration.leaseMs }
  return 'none'
}

/**
 * The request that a claim would name: the bound one, else the first that this agent may run. Readers meet the requests of
 * several topics in different orders, so the first read may be for another or past its deadline, and a later one for us.
 */
function requestFor(task: TaskState, me: Claimant): AskedRequest | null {
  if (task.bound !== null) return countingRequest(task)
  const open = task.requests.filter((request) => me.clockMs <= request.expiresAtMs)
  return open.find((request) => whyUnfit(request, me) === null) ?? open[0] ?? countingRequest(task)
}

function whyUnfit(request: AskedRequest, me: Claimant): 'recipient' | 'skill' | 'expired' | null {
  if (request.recipientId !== null && request.recipientId !== me.agentId) return 'recipient'
  if (!me.skills.has(request.skill)) return 'skill'
  return me.clockMs > request.expiresAtMs ? 'expired' : null
}

/**
 * Why the next attempt is free: nobody has it, its holder gave it back, an earlier boot of ours had it, or its holder is gone.
 * A claim of a later boot of ours may be read before the beat that replaces us: it is another's.
 */
function groundsFor(task: TaskState, me: Claimant): 'open' | 'released' | 'own' | 'lost' | 'held' {
  const { claim } = task
  if (claim === null) return 'open'
  if (task.released !== null) return task.released === 'error' ? 'lost' : 'released'
  if (claim.agentId === me.agentId && claim.boot < me.boot) return 'own'
  if (claim.agentId === me.agentId && claim.boot === me.boot) return me.isRunning(task.taskId) ? 'held' : 'own'
  return me.isAbsent({ agentId: claim.agentId, boot: claim.boot }) ? 'lost' : 'held'
}
