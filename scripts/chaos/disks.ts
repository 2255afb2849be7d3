import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { createService, startAll, startWorkers } from './crew.ts'
import { claimsAfterOutcome, readHistory } from './history.ts'
import { latencyFigures, startLoad } from './load.ts'
import type { FaultOptions } from './options.ts'
import { readAfterwards } from './readers.ts'
import { openStage } from './stage.ts'
import { judge, type Verdict } from './verdict.ts'

/** All files of all services are lost at once under load: what counts is in the topics. */
export async function chaosDisks(options: FaultOptions): Promise<Verdict> {
  await using stage = await openStage(options.leaseMs)
  const crew = await startWorkers(stage, 4, options)
  const orchestrator = await createService(stage, 'orchestrator', 'orchestrator-1')
  orchestrator.process.start()
  const load = startLoad(stage, options)
  await delay((options.tasks / options.rate / 2) * 1000)
  const all = [...crew, orchestrator]
  await Promise.all(all.map(({ process }) => process.kill()))
  const openWhenLost = [...(await readHistory(stage)).values()].filter(({ endedMs }) => endedMs === null).length
  await Promise.all(all.map(({ id }) => rm(stage.files(id).folder, { recursive: true, force: true })))
  orchestrator.process.start()
  await startAll(crew)
  await load.answered
  const { tasks: _, disagreements: __, ...reading } = await readAfterwards(stage, crew)
  const lost = load.asked() - reading.outcomes
  const runAgain = claimsAfterOutcome((await readHistory(stage)).values())
  return judge(
    {
      requests: load.asked(),
      ...reading,
      lost,
      open_when_lost: openWhenLost,
      run_again: runAgain,
      ...latencyFigures(load),
      lease_ms: stage.leaseMs,
    },
    { 'lost 0': lost === 0, 'no task run again after its outcome': runAgain === 0 },
  )
}
