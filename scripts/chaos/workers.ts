import { startWorkers } from './crew.ts'
import { killEach } from './kill-each.ts'
import { latencyFigures, startLoad } from './load.ts'
import { type FaultOptions, isCi } from './options.ts'
import { readAfterwards } from './readers.ts'
import { openStage } from './stage.ts'
import { judge, type Verdict } from './verdict.ts'

const RESTART_AFTER_MS = 200
/** 5 s with a lease of 2 s. */
const LONGEST_LEASES = 2.5
const FEWEST_KILLS = 35
const FEWEST_HIT = 20

/** Four workers, a random one killed each second: what is asked is answered once, and three readers agree on it. */
export async function chaosWorkers(options: FaultOptions): Promise<Verdict> {
  await using stage = await openStage(options.leaseMs)
  const crew = await startWorkers(stage, 4, options)
  const load = startLoad(stage, options)
  const kills = await killEach(crew, {
    everyMs: options.killEveryMs,
    restartAfterMs: RESTART_AFTER_MS,
    until: load.sent,
  })
  await load.answered
  const { tasks: _, ...reading } = await readAfterwards(stage, crew)
  const lost = load.asked() - reading.outcomes
  const figures = { requests: load.asked(), ...reading, lost, kills, ...latencyFigures(load), lease_ms: stage.leaseMs }
  return judge(figures, {
    'lost 0': lost === 0,
    'disagreements 0': reading.disagreements === 0,
    [`kills >= ${FEWEST_KILLS}`]: kills >= FEWEST_KILLS,
    [`hit >= ${FEWEST_HIT}`]: reading.hit >= FEWEST_HIT,
    'max <= 2.5 leases': figures.max_ms <= LONGEST_LEASES * stage.leaseMs,
    'the checker in Python ran': reading.python !== 'not run' || !isCi,
  })
}
