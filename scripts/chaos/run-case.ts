import { setTimeout as delay } from 'node:timers/promises'
import { CannotRun } from './cannot-run.ts'
import type { ChaosCase, Group } from './case/chaos-case.ts'
import { type CrewMember, createCrew, startAll } from './crew.ts'
import { createEvents } from './events.ts'
import { openLedger } from './ledger/open-ledger.ts'
import { type Load, startLoad } from './load.ts'
import { examine } from './reading/examine.ts'
import type { Scene } from './scene.ts'
import { publishAlong } from './side-load.ts'
import { openStage } from './stage.ts'
import { runFaults } from './timetable.ts'
import { judge, type Verdict } from './verdict.ts'

/** Runs one case from its brokers to its verdict. What it needs and does not find here is a failure. */
export async function runCase(chaosCase: ChaosCase, isCi: boolean): Promise<Verdict> {
  const { name, about, leaseMs } = chaosCase
  process.stderr.write(`${name}: ${about} (lease ${leaseMs} ms)\n`)
  try {
    return judge(chaosCase, await play(chaosCase), isCi)
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error
    return { name, figures: { lease_ms: leaseMs }, failures: [`cannot run here: ${error.message}`] }
  }
}

async function play(chaosCase: ChaosCase): ReturnType<typeof examine> {
  const { leaseMs, brokers, faults, work } = chaosCase
  const ownsBrokers = faults.some(({ to }) => to.some((one) => /^brokers?\b/.test(one)))
  await using stage = await openStage({ leaseMs, brokers, ownsBrokers })
  await using ledger = needsLedger(chaosCase) ? await openLedger(stage.folder('ledger.jsonl')) : null
  const crew = await createCrew(stage, { case: chaosCase, ledgerUrl: ledger?.url ?? null })
  if (work.once && !ledger) throw new Error('an effect needs a ledger')
  await startAll(crew.filter(({ group }) => delayOf(group) === 0))
  const load = startLoad(stage, chaosCase.load)
  const joined = joinLater(crew, load)
  const scene: Scene = { case: chaosCase, stage, crew, ledger, load, events: createEvents(), joined }
  await Promise.all([load.answered, joined, publishAlong(scene), runFaults(scene)])
  return await examine(scene)
}

/** Where a step counts, somebody outside has to count it. */
function needsLedger({ work, reach }: ChaosCase): boolean {
  return work.once !== null || reach.some(({ figure }) => figure === 'steps_twice')
}

function delayOf({ starts }: Group): number {
  return starts === 'answered' ? Number.POSITIVE_INFINITY : starts.afterMs
}

/** Members that are not there from the beginning. */
async function joinLater(crew: readonly CrewMember[], load: Load): Promise<void> {
  await Promise.all(
    crew.map(async (member) => {
      const { starts } = member.group
      if (starts === 'answered') await load.answered
      else if (starts.afterMs === 0) return
      else await delay(Math.max(0, load.startMs + starts.afterMs - Date.now()))
      member.process.start()
      // A fault may hit it before it is ready; whoever stays away is counted as dead.
      await member.process.ready().catch(() => undefined)
    }),
  )
}
