import type { HitBy } from '../case/chaos-case.ts'
import { isMeant } from '../crew.ts'
import type { FaultWindow } from '../events.ts'
import type { AskedTask } from '../load.ts'
import type { Scene } from '../scene.ts'
import type { TaskHistory } from './history.ts'

/** How many tasks the faults of a case have really hit. */
export function countHits(
  { case: { hit }, crew, events, load }: Pick<Scene, 'case' | 'crew' | 'events' | 'load'>,
  histories: readonly TaskHistory[],
): number {
  const count = (isHit: (history: TaskHistory) => boolean): number => histories.filter(isHit).length
  const inAny = (test: (window: FaultWindow) => boolean): boolean => events.windows.some(test)
  const counts: Record<HitBy, () => number> = {
    attempts: () => count(({ claims }) => claims.length > 1),
    open: () => [...load.tasks.values()].filter((task) => inAny((window) => isOpen(task, window))).length,
    held: () =>
      count((history) =>
        inAny(({ names, fromMs }) => {
          const holder = history.claims.findLast(({ atMs }) => atMs < fromMs)
          const isHeld = holder !== undefined && names.includes(holder.agentId)
          return isHeld && (history.endedMs === null || history.endedMs > fromMs)
        }),
      ),
    run: () => {
      const meant = new Set(crew.filter((member) => isMeant(hit.of, member)).map(({ id }) => id))
      return count(({ claims }) => claims.some(({ agentId }) => meant.has(agentId)))
    },
    in_call: () => events.figures.in_call ?? 0,
    asked_again: () => events.figures.asked_again ?? 0,
    bad: () => events.figures.bad ?? 0,
  }
  return counts[hit.by]()
}

/** Without an outcome at some time of the fault, as whoever asked sees it. */
function isOpen({ askedMs, answeredMs }: AskedTask, { fromMs, toMs }: FaultWindow): boolean {
  return askedMs <= toMs && (answeredMs === null || answeredMs > fromMs)
}
