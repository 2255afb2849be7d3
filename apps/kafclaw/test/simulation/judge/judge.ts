import type { Machine } from '../machine.ts'
import type { World } from '../world.ts'
import { judgeAudit } from './audit.ts'
import { judgeChildren } from './children.ts'
import { judgeDeadLetters } from './dead-letters.ts'
import { judgeEffects } from './effects.ts'
import { collectEvidence } from './evidence.ts'
import { judgeFacts } from './facts.ts'
import { judgeFailures } from './failures.ts'
import { judgeJournals } from './journals.ts'
import { judgeMemory } from './memory.ts'
import { judgeOutcomes } from './outcomes.ts'
import { judgeTimelines } from './timelines.ts'

/** Compares what the log says with every promise; at the end, when everybody has read everything. */
export function judge(world: World, machines: readonly Machine[]): void {
  const evidence = collectEvidence(world, machines)
  judgeOutcomes(world, evidence)
  judgeChildren(world, evidence)
  judgeEffects(world, evidence)
  judgeFacts(world, evidence)
  judgeFailures(world, evidence)
  judgeJournals(world, evidence)
  judgeDeadLetters(world, evidence)
  judgeTimelines(world, evidence)
  judgeAudit(world, evidence)
  judgeMemory(world, evidence)
}
