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

export interface ScriptedCrash {
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
export const SWEPT = ['agent-c', 'agent-b'] as const

const ALONE = { againAfterMs: null, cancelAfterMs: null, lifeMs: null, byHandAfterMs: null, atMs: 300 }

/** One task with everything in it that an agent does, and one crash. */
export function createSweep(crash: ScriptedCrash | null): Script {
  // The ranks of the agents for this id put agent-c first.
  const errand = { ...ALONE, taskId: 'task_sweep', content: JSON.stringify(PLAN), recipientId: null }
  return { errands: [errand], crash, untilMs: 7000 }
}
