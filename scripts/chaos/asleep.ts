import { setTimeout as delay } from 'node:timers/promises'
import { createFaultProxy, tempDir } from '@kafclaw/testing'
import { buildCrew, createWorker, startAll } from './crew.ts'
import { readHistory, type TaskHistory } from './history.ts'
import { latencyFigures, startLoad } from './load.ts'
import type { FaultOptions } from './options.ts'
import { readAfterwards } from './readers.ts'
import { openStage, type Stage } from './stage.ts'
import { judge, type Verdict } from './verdict.ts'

const LEASES_ASLEEP = 3
const BEFORE_MS = 3000
const REPLACED_WITHIN_MS = 30_000
const REPLACED = 6

interface Absence {
  agentId: string
  fromMs: number
  /** When it could speak again. */
  toMs: number
}

/** One worker stopped and one cut off for three leases, under load; then a second process under the id of a third. */
export async function chaosAsleep(options: FaultOptions): Promise<Verdict> {
  await using stage = await openStage(options.leaseMs)
  await using proxy = await createFaultProxy(stage.brokers[0] ?? '')
  await buildCrew()
  const asleep = createWorker(stage, 'asleep', { work: options })
  const cut = createWorker(stage, 'cut', { work: options, more: { KAFCLAW_KAFKA_BROKERS: proxy.address } })
  const healthy = ['healthy-1', 'healthy-2'].map((id) => createWorker(stage, id, { work: options }))
  await startAll([asleep, cut, ...healthy])
  const load = startLoad(stage, options)
  await delay(BEFORE_MS)

  const fromMs = Date.now()
  asleep.process.freeze()
  proxy.onRequest = () => 'cut'
  proxy.cutAll()
  await delay(LEASES_ASLEEP * stage.leaseMs)
  const toMs = Date.now()
  asleep.process.thaw()
  proxy.onRequest = () => 'pass'
  await load.answered
  const olderExit = await startTwin(stage, options)

  const histories = [...(await readHistory(stage)).values()]
  const absences = [asleep, cut].map(({ id }): Absence => ({ agentId: id, fromMs, toMs }))
  const crew = [asleep, cut, ...healthy.slice(1)].filter(({ process }) => process.isRunning())
  const { tasks: _, ...reading } = await readAfterwards(stage, crew)
  const lost = load.asked() - reading.outcomes
  const robbed = absences.reduce((sum, absence) => sum + takenFromHealthy(histories, absence), 0)
  const stale = absences.reduce((sum, absence) => sum + staleOutcomes(histories, absence), 0)
  const held = absences.reduce((sum, absence) => sum + heldWhenAway(histories, absence), 0)
  const returned = crew.filter(({ id }) => id === 'asleep' || id === 'cut').length
  return judge(
    {
      requests: load.asked(),
      ...reading,
      lost,
      held_when_away: held,
      taken_from_healthy: robbed,
      late_outcomes: stale,
      returned,
      older_exit: olderExit,
      ...latencyFigures(load),
      lease_ms: stage.leaseMs,
    },
    {
      'lost 0': lost === 0,
      'disagreements 0': reading.disagreements === 0,
      'they held tasks when they went away': held > 0,
      'tasks of theirs were taken over': reading.hit > 0,
      'nothing taken from the healthy': robbed === 0,
      'no record of theirs counts after they were taken over': stale === 0,
      'both still run': returned === 2,
      'the older of two with one agent id exits 6': olderExit === REPLACED,
    },
  )
}

/** Tasks that were the agent's when it went away, and had no outcome yet. */
function heldWhenAway(histories: readonly TaskHistory[], { agentId, fromMs }: Absence): number {
  return histories.filter(({ claims, endedMs }) => {
    const last = claims.filter(({ atMs }) => atMs < fromMs).at(-1)
    return last?.agentId === agentId && (endedMs === null || endedMs > fromMs)
  }).length
}

/** Claims that an agent back from its absence took over from agents that had never been away. */
function takenFromHealthy(histories: readonly TaskHistory[], { agentId, fromMs }: Absence): number {
  let taken = 0
  for (const { claims } of histories) {
    for (const [at, claim] of claims.entries()) {
      const before = claims[at - 1]
      if (claim.agentId === agentId && claim.atMs >= fromMs && before?.agentId.startsWith('healthy')) taken++
    }
  }
  return taken
}

/** Outcomes of a run of the absent agent that another run had superseded before. */
function staleOutcomes(histories: readonly TaskHistory[], { agentId }: Absence): number {
  return histories.filter(({ claims, outcomeRunId, endedMs }) => {
    const at = claims.findIndex(({ runId }) => runId === outcomeRunId)
    const next = claims[at + 1]
    return at >= 0 && claims[at]?.agentId === agentId && next !== undefined && next.atMs < (endedMs ?? 0)
  }).length
}

/** Starts a second process under one agent id, in a folder of its own; the exit code of the older one, null when it went on. */
async function startTwin(stage: Stage, options: FaultOptions): Promise<number | null> {
  await using folder = await tempDir()
  const older = createWorker(stage, 'twin', { work: options })
  await startAll([older])
  const newer = createWorker(stage, 'twin', { work: options, more: { KAFCLAW_DATA_DIR: folder.path } })
  newer.process.start()
  const code = await Promise.race([older.process.ended(), delay(REPLACED_WITHIN_MS, null)])
  await newer.process.stop()
  return code
}
