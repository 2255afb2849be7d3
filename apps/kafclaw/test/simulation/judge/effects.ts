import type { Plan } from '../plan.ts'
import { BLIND, SETTLING } from '../tools.ts'
import type { World } from '../world.ts'
import { completedPlans } from './completed-plans.ts'
import type { Evidence } from './evidence.ts'

const ONCE: ReadonlySet<unknown> = new Set([SETTLING, BLIND])

/** What must not be done twice was done at most once, and once where the task says that it is done. */
export function judgeEffects(world: World, evidence: Evidence): void {
  const receipts = new Map<string, string[]>()
  for (const { name, receipt } of world.target.effects) receipts.set(name, [...(receipts.get(name) ?? []), receipt])
  for (const [name, all] of receipts) {
    if (all.length > 1) world.breach('effect twice', `${name}: ${all.join(', ')}`)
  }
  for (const { taskId, plan } of completedPlans(evidence)) {
    for (const name of onceNames(plan)) {
      if (!receipts.has(name)) world.breach('answer without effect', `${taskId} is completed, ${name} is not done`)
    }
  }
}

function onceNames({ turns }: Plan): string[] {
  return turns.flat().flatMap(({ tool, args }) => (ONCE.has(tool) ? [String(args.name)] : []))
}
