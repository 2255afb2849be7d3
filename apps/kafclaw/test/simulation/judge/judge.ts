import type { RawRecord } from '@kafclaw/envelope'
import type { Machine } from '../machine.ts'
import type { World } from '../world.ts'
import { judgeAudit } from './audit.ts'
import { judgeChildren } from './children.ts'
import { judgeDeadLetters } from './dead-letters.ts'
import { judgeEffects } from './effects.ts'
import { judgeFacts } from './facts.ts'
import { judgeJournals } from './journals.ts'
import { judgeMemory } from './memory.ts'
import { judgeOutcomes } from './outcomes.ts'
import { judgeTimelines } from './timelines.ts'

/** What a judge looks at: the log, offset by offset, and the files of all machines. */
export interface Evidence {
  readonly records: readonly RawRecord[]
  readonly machines: readonly Machine[]
}

/** Compares what the log says with every promise; at the end, when everybody has read everything. */
export function judge(world: World, machines: readonly Machine[]): void {
  const records = world.broker.ranges().flatMap((range) => world.broker.records(range))
  const evidence: Evidence = { records, machines }
  judgeOutcomes(world, evidence)
  judgeChildren(world, evidence)
  judgeDeadLetters(world, evidence)
  judgeEffects(world, evidence)
  judgeFacts(world, evidence)
  judgeJournals(world, evidence)
  judgeTimelines(world, evidence)
  judgeAudit(world, evidence)
  judgeMemory(world, evidence)
}
