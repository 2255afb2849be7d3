import type { Random } from '@kafclaw/env/testing'
import type { Faults } from './faults.ts'
import { drawPlan } from './plan.ts'
import { AGENTS } from './stage.ts'

/** A task that somebody will ask for. */
export interface Errand {
  readonly taskId: string
  readonly content: string
  readonly recipientId: string | null
  /** The conversation that it goes on with; null: none. */
  readonly session: string | null
  readonly atMs: number
  /** Asked for once more, so long after the first time. */
  readonly againAfterMs: number | null
  /** Cancelled so long after it was asked for. */
  readonly cancelAfterMs: number | null
  /** How long it may live; null: the usual day. */
  readonly lifeMs: number | null
  /** So long after it was asked for, somebody answers it by hand, who knows nothing of partitions. */
  readonly byHandAfterMs: number | null
}

const MOST_ERRANDS = 5
/** All are asked for while things go wrong. */
const LATEST_MS = 3000

export function drawErrands(random: Random, faults: Faults): Errand[] {
  return Array.from({ length: 2 + random.below(MOST_ERRANDS - 1) }, (_, index) => ({
    taskId: `task_${index}`,
    content: JSON.stringify(drawPlan(random, { name: `plan-${index}`, agents: AGENTS })),
    recipientId: random.flip(0.2) ? (random.oneOf(AGENTS) ?? null) : null,
    session: random.flip(0.25) ? 'talk' : null,
    atMs: random.between(0, LATEST_MS),
    againAfterMs: faults.askedAgain && random.flip(0.4) ? random.between(0, 15_000) : null,
    cancelAfterMs: faults.cancel && random.flip(0.4) ? random.between(0, 3000) : null,
    lifeMs: faults.shortLife && random.flip(0.5) ? random.between(200, 6000) : null,
    byHandAfterMs: faults.foreign && random.flip(0.4) ? random.between(0, 5000) : null,
  }))
}
