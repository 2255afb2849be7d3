import { setTimeout as delay } from 'node:timers/promises'
import { quantile, round } from '../bench/figures.ts'
import { buildCrew, createWorker, startAll } from './crew.ts'
import { readHistory } from './history.ts'
import { latencyFigures, startLoad } from './load.ts'
import type { FaultOptions } from './options.ts'
import { readAfterwards } from './readers.ts'
import { openStage, type Stage } from './stage.ts'
import { judge, type Verdict } from './verdict.ts'

const NEVER_MS = 600_000
const CLAIMED_WITHIN_MS = 60_000
const LOOK_AGAIN_MS = 200

/** A worker that runs all the tasks is killed for good while three others are there: how long until each is claimed again. */
export async function chaosTakeover(options: FaultOptions): Promise<Verdict> {
  await using stage = await openStage(options.leaseMs)
  await buildCrew()
  const victim = createWorker(stage, 'worker-0', {
    work: { steps: 1, stepMs: NEVER_MS },
    more: { KAFCLAW_CONCURRENCY: String(options.tasks) },
  })
  await startAll([victim])
  const load = startLoad(stage, { tasks: options.tasks, rate: options.tasks * 10 })
  const running = await untilAllClaimed(stage, options.tasks)
  const others = ['worker-1', 'worker-2', 'worker-3'].map((id) => createWorker(stage, id, { work: options }))
  await startAll(others)
  const killedMs = Date.now()
  await victim.process.kill()
  await load.answered
  const waits = await waitsAfter(stage, killedMs)
  const { tasks: _, ...reading } = await readAfterwards(stage, others)
  const lost = load.asked() - reading.outcomes
  const limitMs = 1.3 * stage.leaseMs + 1500
  const claimed_p99_ms = quantile(waits, 0.99)
  return judge(
    {
      requests: load.asked(),
      ...reading,
      lost,
      running,
      taken_over: waits.length,
      claimed_p50_ms: round(quantile(waits, 0.5), 0),
      claimed_p99_ms: round(claimed_p99_ms, 0),
      limit_ms: limitMs,
      max_ms: latencyFigures(load).max_ms,
      lease_ms: stage.leaseMs,
    },
    {
      'lost 0': lost === 0,
      'disagreements 0': reading.disagreements === 0,
      'all tasks ran when the worker was killed': running === options.tasks,
      'all of them were taken over': waits.length === options.tasks,
      'claimed p99 <= 1.3 leases + 1.5 s': claimed_p99_ms <= limitMs,
    },
  )
}

/** Waits until that many tasks have a claim; how many have. */
async function untilAllClaimed(stage: Stage, count: number): Promise<number> {
  const deadlineMs = performance.now() + CLAIMED_WITHIN_MS
  for (;;) {
    const claimed = [...(await readHistory(stage)).values()].filter(({ claims }) => claims.length > 0).length
    if (claimed >= count || performance.now() > deadlineMs) return claimed
    await delay(LOOK_AGAIN_MS)
  }
}

/** From `sinceMs` to the first later claim of each task. */
async function waitsAfter(stage: Stage, sinceMs: number): Promise<number[]> {
  return [...(await readHistory(stage)).values()].flatMap(({ claims }) => {
    const later = claims.find(({ attempt, atMs }) => attempt > 1 && atMs >= sinceMs)
    return later ? [later.atMs - sinceMs] : []
  })
}
