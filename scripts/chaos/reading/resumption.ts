import { quantile, round } from '../../bench/figures.ts'
import type { Happening } from '../events.ts'
import type { TaskHistory } from './history.ts'
import type { TaskJournal } from './journals.ts'

/** How long it took until a task went on after its holder was gone. */
export interface Resumption {
  /** From the start of the same service to the next step. */
  own: Sample[]
  /**
   * The same where the next step was a call in doubt, or that call again because it had not happened: nothing can be settled before
   * its longest call is over.
   */
  doubt: Sample[]
  /** From the end of the holder, or from when it went away, to the claim of another. */
  others: Sample[]
}

interface Sample {
  ms: number
  /** What went on, for a person who looks for what took so long. */
  what: string
}

export function measureResumption(
  histories: ReadonlyMap<string, TaskHistory>,
  journals: ReadonlyMap<string, { records: readonly StepRecord[] }>,
  happenings: readonly Happening[],
): Resumption {
  const measured: Resumption = { own: [], doubt: [], others: [] }
  const lastBefore = (name: string, what: readonly Happening['what'][], atMs: number): number | null =>
    happenings.findLast((one) => one.name === name && what.includes(one.what) && one.atMs <= atMs)?.atMs ?? null
  for (const [taskId, { claims }] of histories) {
    for (const [n, claim] of claims.entries()) {
      const before = claims[n - 1]
      if (!before || before.isReleased) continue
      if (before.agentId === claim.agentId) {
        const upMs = lastBefore(claim.agentId, ['up', 'back'], claim.atMs)
        const records = journals.get(taskId)?.records ?? []
        const next = records.find(({ runId, phase }) => runId === claim.runId && phase !== 'started')
        if (upMs === null || upMs < before.atMs || !next) continue
        const isDoubt = records.some((record) => isSettledBy(next, record))
        const what = `${taskId} at ${claim.agentId}, claimed after ${claim.atMs - upMs}, then ${next.phase} of step ${next.step}`
        measured[isDoubt ? 'doubt' : 'own'].push({ ms: next.atMs - upMs, what })
      } else {
        const goneMs = lastBefore(before.agentId, ['down', 'away'], claim.atMs)
        if (goneMs !== null && goneMs >= before.atMs) {
          measured.others.push({ ms: claim.atMs - goneMs, what: `${taskId} of ${before.agentId} by ${claim.agentId}` })
        }
      }
    }
  }
  return measured
}

/** Whether `other` is the intent that an earlier run has left behind, and `next` its result or the call that was made instead. */
function isSettledBy(next: StepRecord, { runId, phase, step, redo }: StepRecord): boolean {
  if (phase !== 'intent' || runId === next.runId || step !== next.step) return false
  return next.phase === 'result' ? redo === next.redo : redo < next.redo
}

type StepRecord = Pick<TaskJournal['records'][number], 'runId' | 'phase' | 'step' | 'redo' | 'atMs'>

/** Nothing where nothing was measured. */
export function resumptionFigures({ own, doubt, others }: Resumption): Record<string, number | string> {
  return { ...named('own', own), ...named('own_doubt', doubt), ...named('takeover', others) }
}

const MOST_TOLD = 5

function named(name: string, samples: readonly Sample[]): Record<string, number | string> {
  if (samples.length === 0) return { [`${name}_resumed`]: 0 }
  const times = samples.map(({ ms }) => ms)
  const slowest = samples.toSorted((a, b) => b.ms - a.ms).slice(0, MOST_TOLD)
  return {
    [`${name}_resumed`]: samples.length,
    [`${name}_p50_ms`]: round(quantile(times, 0.5), 0),
    [`${name}_p99_ms`]: round(quantile(times, 0.99), 0),
    [`${name}_slowest`]: slowest.map(({ ms, what }) => `${ms} ms: ${what}`).join('; '),
  }
}
