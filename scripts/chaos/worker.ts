import { buildCrew, createService } from './crew.ts'
import { killEach } from './kill-each.ts'
import { latencyFigures, startLoad } from './load.ts'
import type { FaultOptions } from './options.ts'
import { readAfterwards } from './readers.ts'
import { openStage } from './stage.ts'
import { judge, type Verdict } from './verdict.ts'

/** One worker of the product, killed again and again while tasks come in. */
export async function chaosWorker(options: FaultOptions): Promise<Verdict> {
  await using stage = await openStage(options.leaseMs)
  await buildCrew()
  const worker = await createService(stage, 'agent-worker', 'worker-1')
  worker.process.start()
  const load = startLoad(stage, options)
  const kills = await killEach([worker], { everyMs: options.killEveryMs, restartAfterMs: 0, until: load.sent })
  await load.answered
  const { tasks: _, python, hit, ...reading } = await readAfterwards(stage, [worker], { python: false })
  const lost = load.asked() - reading.outcomes
  const { p99_ms, max_ms } = latencyFigures(load)
  return judge(
    { requests: load.asked(), ...reading, lost, kills, p99_ms, max_ms, lease_ms: stage.leaseMs },
    { 'lost 0': lost === 0, 'disagreements 0': reading.disagreements === 0, 'kills above 0': kills > 0 },
  )
}
