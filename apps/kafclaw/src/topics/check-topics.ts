import { EXIT } from '@kafclaw/runtime'
import { openGroup } from '../group/open-group.ts'
import { requireTopics } from '../group/require-topics.ts'
import type { Invocation } from '../invocation.ts'
import { comparePlan } from './plan.ts'
import { showPlan } from './plan-topics.ts'

/** Compares what is there with the table; what is missing or different exits 1. */
export async function checkTopics(invocation: Invocation): Promise<number> {
  await using host = openGroup(invocation)
  await requireTopics(host)
  const plan = await comparePlan(host, { skills: [] })
  showPlan(invocation.output, plan)
  const wrong = plan.filter(({ state }) => state !== 'right')
  if (wrong.length === 0) return EXIT.done
  invocation.output.note(`${wrong.length} of ${plan.length} topics are missing or different from docs/topics.md`)
  return EXIT.notGood
}
