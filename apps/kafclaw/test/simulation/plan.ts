import type { Random } from '@kafclaw/env/testing'
import { BLIND, LOOKUP, SETTLING } from './tools.ts'

/** A call that the model will ask for. */
interface PlannedCall {
  tool: string
  args: Record<string, unknown>
}

/** What a task is to come to, as the text that the model gets: it does what stands there. */
export interface Plan {
  name: string
  /** The calls of each answer of the model; the answer after the last one ends the task. */
  turns: PlannedCall[][]
}

const MOST_DEPTH = 2

/** Draws the work of one task: things to do once, facts to remember, questions to memory and to other agents. */
export function drawPlan(random: Random, options: { name: string; agents: readonly string[]; depth?: number }): Plan {
  const { name, agents, depth = 0 } = options
  const drawCall = (place: string): PlannedCall => {
    const chance = random.next()
    const other = random.oneOf(agents)
    if (depth < MOST_DEPTH && chance < 0.2 && other !== undefined) {
      const question = JSON.stringify(drawPlan(random, { name: `${name}-${place}`, agents, depth: depth + 1 }))
      return { tool: 'ask_agent', args: { agent: other, question } }
    }
    if (chance < 0.75) return { tool: chance < 0.6 ? SETTLING : BLIND, args: { name: `effect ${place} of ${name}` } }
    if (chance < 0.77) return { tool: LOOKUP, args: { name: `lookup ${place} of ${name}` } }
    if (chance < 0.86) return { tool: 'memory.recall', args: { query: `what is known of ${name}` } }
    return { tool: 'memory.remember', args: { content: `fact ${place} of ${name}`, tags: [] } }
  }
  const turns = Array.from({ length: random.below(depth === 0 ? 4 : 2) }, (_, turn) =>
    Array.from({ length: 1 + random.below(2) }, (_, index) => drawCall(`${turn}.${index}`)),
  )
  return { name, turns }
}

/** Null for a text that is no plan. */
export function parsePlan(text: string): Plan | null {
  try {
    return JSON.parse(text) as Plan
  } catch {
    return null
  }
}
