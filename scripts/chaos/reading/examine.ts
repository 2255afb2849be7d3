import { readFile } from 'node:fs/promises'
import { readAsked } from '../faults/decide.ts'
import { latencyFigures } from '../load.ts'
import type { Scene } from '../scene.ts'
import { deadLetterFigures } from './dead-letters.ts'
import { claimsAfterOutcome, readHistory, type TaskHistory, waitsOf } from './history.ts'
import { countHits } from './hits.ts'
import { readJournals } from './journals.ts'
import { countAcknowledgedLost, serviceFigures } from './kept-records.ts'
import { ledgerFigures } from './ledger-figures.ts'
import { countForeignSteps, countLateOutcomes, countSecondOutcomes, readAnswers } from './outcomes.ts'
import { readAfterwards } from './readers.ts'
import { measureResumption, resumptionFigures } from './resumption.ts'

export type Figures = Record<string, number | string>

/** Reads the topics, the ledger and the files after a case: everything that may be asked of it, under the names that limits use. */
export async function examine(scene: Scene): Promise<Figures> {
  const { stage, crew, load, events, ledger } = scene
  const dead = countDead(scene)
  const letters = await deadLetterFigures(scene)
  let services: Figures = {}
  const running = crew.filter(({ process }) => process.isRunning())
  const { tasks, ...reading } = await readAfterwards(stage, running, async () => {
    services = await serviceFigures(scene)
  })
  const histories = await readHistory(stage)
  const own = [...histories].filter(([taskId]) => load.tasks.has(taskId)).map(([, history]) => history)
  const journals = await readJournals(stage)
  const answers = await readAnswers(stage)
  const outcomes = own.filter(({ endedMs }) => endedMs !== null).length
  const lines = (await ledger?.read()) ?? []
  const held = new Set(own.flatMap(({ claims }) => claims.map(({ runId }) => runId)))
  const asked = new Set((await readAsked(scene)).map(({ payload }) => payload.approval_id)).size
  return {
    requests: load.asked(),
    outcomes,
    lost: load.asked() - outcomes,
    second_outcomes: countSecondOutcomes(load.tasks, answers),
    late_answers: [...answers.values()].reduce((sum, all) => sum + all.length - 1, 0),
    disagreements: reading.disagreements,
    python: reading.python,
    stale_counted: countForeignSteps(answers, journals),
    late_outcomes: countLateOutcomes(own),
    dead,
    hit: countHits(scene, own),
    attempts_above_one: own.filter(({ claims }) => claims.length > 1).length,
    run_again: claimsAfterOutcome(own),
    expired: [...answers.values()].filter(([first]) => first?.payload.status === 'expired').length,
    assigned: [...tasks.values()].filter((task) => task.assigned !== null).length,
    longest_wait_ms: Math.max(0, ...waitsOf(own)),
    ...events.figures,
    ...latencyFigures(load),
    ...resumptionFigures(measureResumption(histories, journals, events.happenings)),
    ...(ledger ? ledgerFigures({ lines, answers, asked, hasOnce: scene.case.work.once !== null, held }) : {}),
    ...services,
    ...letters,
    acknowledged_lost: await countAcknowledgedLost(scene),
    taken_from_healthy: countTakenFromHealthy(scene, own),
    typed_errors: await countTypedErrors(scene),
    seconds: Math.round((Date.now() - load.startMs) / 1000),
    rate: scene.case.load.rate,
    lease_ms: stage.leaseMs,
  }
}

/** Members that do not run although nobody ended them for good. */
function countDead({ case: { faults }, crew, events }: Scene): number {
  const down = crew.filter(({ process }) => !process.isRunning())
  const forGood = faults.some(
    (fault) => (fault.do === 'kill' || fault.do === 'terminate') && fault.againAfterMs === null,
  )
  return (
    down.filter(({ name }) => !forGood || !events.happenings.some((one) => one.name === name && one.what === 'down'))
      .length - (events.figures.replaced ?? 0)
  )
}

/** Claims of a member that was away, on what members had that never were. */
function countTakenFromHealthy({ events }: Scene, histories: readonly TaskHistory[]): number {
  const firstAway = new Map<string, number>()
  for (const { name, what, atMs } of events.happenings)
    if (what === 'away' && !firstAway.has(name)) firstAway.set(name, atMs)
  const troubled = new Set(events.happenings.map(({ name }) => name))
  let taken = 0
  for (const { claims } of histories) {
    for (const [n, { agentId, atMs }] of claims.entries()) {
      const before = claims[n - 1]
      const awayMs = firstAway.get(agentId)
      if (before && !before.isReleased && awayMs !== undefined && atMs >= awayMs && !troubled.has(before.agentId))
        taken++
    }
  }
  return taken
}

/** Members that have said in their log, by its code, that their disk is full. */
async function countTypedErrors({ crew }: Scene): Promise<number> {
  const logs = await Promise.all(crew.map(({ logPath }) => readFile(logPath, 'utf8').catch(() => '')))
  return logs.filter((log) => log.includes('KC_STORAGE_FULL')).length
}
