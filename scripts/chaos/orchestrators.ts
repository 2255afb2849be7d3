import { round } from '../bench/figures.ts'
import { type CrewMember, createService, startWorkers } from './crew.ts'
import { readHistory, waitsOf } from './history.ts'
import { killEach } from './kill-each.ts'
import { latencyFigures, startLoad } from './load.ts'
import type { FaultOptions } from './options.ts'
import { readAfterwards } from './readers.ts'
import { openStage } from './stage.ts'
import { judge, type Verdict } from './verdict.ts'

const RESTART_AFTER_MS = 200

/** The same load with no, one and two orchestrators, which are killed and started again: nobody must need them. */
export async function chaosOrchestrators(options: FaultOptions): Promise<Verdict> {
  await using stage = await openStage(options.leaseMs)
  const crew = await startWorkers(stage, 4, options)
  const orchestrators: CrewMember[] = []
  let requests = 0
  let kills = 0
  let assigned = 0
  const longest: number[] = []
  const seen = new Set<string>()
  for (const count of [0, 1, 2]) {
    if (count > 0) {
      const added = await createService(stage, 'orchestrator', `orchestrator-${count}`)
      added.process.start()
      orchestrators.push(added)
    }
    const load = startLoad(stage, { tasks: Math.ceil(options.tasks / 3), rate: options.rate })
    const killing = { everyMs: options.killEveryMs, restartAfterMs: RESTART_AFTER_MS, until: load.sent }
    kills += await killEach(orchestrators, killing)
    await load.answered
    requests += load.asked()
    const histories = [...(await readHistory(stage))].filter(([taskId]) => !seen.has(taskId))
    for (const [taskId] of histories) seen.add(taskId)
    longest.push(Math.max(...waitsOf(histories.map(([, history]) => history))))
    process.stderr.write(`${count} orchestrators: ${JSON.stringify(latencyFigures(load))}\n`)
  }
  const { tasks, ...reading } = await readAfterwards(stage, crew)
  for (const { assigned: advice } of tasks.values()) if (advice) assigned++
  const lost = requests - reading.outcomes
  const limitMs = 1.3 * stage.leaseMs + 2000
  const [none = 0, one = 0, two = 0] = longest.map((wait) => round(wait, 0))
  return judge(
    {
      requests,
      ...reading,
      lost,
      kills,
      assigned,
      longest_wait_none_ms: none,
      longest_wait_one_ms: one,
      longest_wait_two_ms: two,
      limit_ms: limitMs,
      lease_ms: stage.leaseMs,
    },
    {
      'lost 0': lost === 0,
      'disagreements 0': reading.disagreements === 0,
      'orchestrators were killed': kills > 0,
      'orchestrators gave advice': assigned > 0,
      'no task waits longer than 1.3 leases + 2 s': Math.max(...longest) <= limitMs,
    },
  )
}
