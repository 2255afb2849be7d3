import type { World } from '../world.ts'
import { completedPlans } from './completed-plans.ts'
import type { Evidence } from './evidence.ts'

/** What a completed task was to remember is what its items say now. */
export function judgeFacts(world: World, evidence: Evidence): void {
  const newest = new Map<string, string | null>()
  for (const { envelope } of evidence.envelopes('memory')) {
    newest.set(envelope.payload.item_id, envelope.payload.content)
  }
  const known = new Set(newest.values())
  for (const { taskId, plan } of completedPlans(evidence)) {
    for (const { tool, args } of plan.turns.flat()) {
      if (tool === 'memory.remember' && !known.has(String(args.content)))
        world.breach('a fact was lost', `${taskId} is completed, and nothing says "${args.content}"`)
    }
  }
}
