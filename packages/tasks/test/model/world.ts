import type { Broker } from './broker.ts'
import type { Faults } from './faults.ts'
import type { Judge } from './judge.ts'
import type { Random } from './random.ts'
import type { Rules } from './rules.ts'
import type { Target } from './target.ts'

export const REACHED = [
  'claim of an open task',
  'claim after a release',
  'claim of what an earlier boot held',
  'claim after an absence',
  'replaced by a newer boot',
  'number taken by a twin',
  'superseded',
  'lease ran out',
  'given up',
  'answer refused',
  'answer copied home',
  'step found finished',
  'intent that does not count',
  'in doubt after a crash',
  'in doubt after a timeout',
  'settled: it happened',
  'settled: never',
  'asked a person',
  'denied',
  'call refused',
  'fenced',
  'result of a run that was replaced',
] as const
export type Reached = (typeof REACHED)[number]

/** What the processes of one schedule share. */
export interface World {
  readonly rules: Rules
  readonly faults: Faults
  readonly random: Random
  readonly broker: Broker
  readonly judge: Judge
  readonly target: Target
  /** Lease of the zone: a short one as in tests, or the usual one, beside which margin and ranks are small. */
  readonly leaseMs: number
  /** How soon a process that is down is started again, and one that stands still goes on: a chance a turn. */
  readonly restartChance: number
  readonly wakeChance: number
  /** Milliseconds since the schedule began: the clock of the broker and the monotonic clock of every process. */
  nowMs: number
  /** Everything has come back, and nothing fails any more. */
  isHealing: boolean
  newId(kind: string): string
  /** Counts what the schedule has come to, so that a model that no longer gets anywhere is noticed. */
  reach(what: Reached): void
  say(line: () => string): void
}

/** Whether a fault that this schedule has strikes now. */
export function strikes(world: World, fault: keyof Faults, probability: number): boolean {
  return world.faults[fault] && !world.isHealing && world.random.flip(probability)
}
