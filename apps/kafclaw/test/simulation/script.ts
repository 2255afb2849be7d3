import type { Errand } from './errands.ts'
import type { Plan } from './plan.ts'
import { BLIND, SETTLING } from './tools.ts'

/** A run in which nothing is left to chance but the order of things: one process dies once, at one of its calls. */
export interface Script {
  readonly errands: readonly Errand[]
  readonly crash: ScriptedCrash | null
  /** When everything is back. */
  readonly untilMs: number
}

interface ScriptedCrash {
  readonly machine: string
  /** The n-th call of its life to disk or log. */
  readonly call: number
  readonly backAfterMs: number
}

const CHILD: Plan = { name: 'child', turns: [[{ tool: SETTLING, args: { name: 'effect of the child' } }]] }

const PLAN: Plan = {
  name: 'sweep',
  turns: [
    [
      { tool: SETTLING, args: { name: 'first effect' } },
      { tool: 'memory.remember', args: { content: 'a fact', tags: [] } },
    ],
    [{ tool: 'ask_agent', args: { agent: 'agent-b', question: JSON.stringify(CHILD) } }],
    [{ tool: BLIND, args: { name: 'second effect' } }],
  ],
}

/** Who takes the task by its rank, and who is asked by it. */
const SWEPT = ['agent-c', 'agent-b'] as const
/** Comes back before anybody misses it, or after another has taken the task over. */
const BACK_AFTER_MS = [100, 5000] as const

/** The order of things, which a sweep is not about. */
export const SWEEP_SEED = 1

/** One task with everything in it that an agent does, and one crash; null for none. */
export function createSweep(crash: ScriptedCrash | null): Script {
  const errand: Errand = {
    // The ranks of the agents for this id put agent-c first.
    taskId: 'task_sweep',
    content: JSON.stringify(PLAN),
    recipientId: null,
    session: null,
    atMs: 300,
    againAfterMs: null,
    cancelAfterMs: null,
    lifeMs: null,
    byHandAfterMs: null,
  }
  return { errands: [errand], crash, untilMs: 7000 }
}

/** The n-th crash of a sweep, from 1: over both agents, from their first call on. */
export function crashOf(n: number): ScriptedCrash {
  const call = Math.ceil(n / SWEPT.length)
  return {
    machine: SWEPT[n % SWEPT.length] ?? SWEPT[0],
    call,
    backAfterMs: BACK_AFTER_MS[call % BACK_AFTER_MS.length] ?? 0,
  }
}

/** How many crashes a sweep has, by the calls of a run without any. */
export function countCrashes(calls: ReadonlyMap<string, number>): number {
  return SWEPT.length * Math.max(...SWEPT.map((machine) => calls.get(machine) ?? 0))
}
