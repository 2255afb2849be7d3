import { setTimeout as delay } from 'node:timers/promises'
import { openDatabase } from '@kafclaw/storage'
import { startBroker } from '@kafclaw/testing/broker'
import { round } from '../bench/figures.ts'
import { type CrewMember, startWorkers } from './crew.ts'
import { latencyFigures, startLoad } from './load.ts'
import type { FaultOptions } from './options.ts'
import { readAfterwards } from './readers.ts'
import { openStage, type Stage } from './stage.ts'
import { judge, type Verdict } from './verdict.ts'

const AWAY_MS = 20_000
const BEFORE_MS = 5000
const OUTBOX_EMPTY_MS = 10_000
const GIVE_UP_MS = 60_000
const LOOK_AGAIN_MS = 100

/** kill -9 of the broker and a long absence under load: nobody loses a run because of it. The broker is always one of its own. */
export async function chaosBroker(options: FaultOptions): Promise<Verdict> {
  const broker = await startBroker()
  await using stage = await openStage(options.leaseMs, broker)
  const crew = await startWorkers(stage, 4, options)
  const load = startLoad(stage, options)
  await delay(BEFORE_MS)
  await broker.kill()
  await delay(AWAY_MS)
  const left = countOutbox(stage, crew)
  await broker.restart()
  const emptyMs = await untilOutboxEmpty(stage, crew)
  await load.answered
  const { tasks: _, ...reading } = await readAfterwards(stage, crew)
  const lost = load.asked() - reading.outcomes
  return judge(
    {
      requests: load.asked(),
      ...reading,
      lost,
      outbox_when_away: left,
      outbox_empty_ms: round(emptyMs, 0),
      ...latencyFigures(load),
      lease_ms: stage.leaseMs,
    },
    {
      'lost 0': lost === 0,
      'disagreements 0': reading.disagreements === 0,
      'no healthy run taken over': reading.hit === 0,
      'outbox empty within 10 s of its return': emptyMs <= OUTBOX_EMPTY_MS,
    },
  )
}

/** Until no record from before the broker's return is left: those of the load go on coming. */
async function untilOutboxEmpty(stage: Stage, crew: readonly CrewMember[]): Promise<number> {
  const startMs = performance.now()
  const last = crew.map(({ id }) => outbox(stage, id).last)
  const isLeft = (): boolean => crew.some(({ id }, n) => (outbox(stage, id).first ?? Infinity) <= (last[n] ?? -1))
  while (isLeft() && performance.now() - startMs < GIVE_UP_MS) await delay(LOOK_AGAIN_MS)
  return performance.now() - startMs
}

function countOutbox(stage: Stage, crew: readonly CrewMember[]): number {
  return crew.reduce((sum, { id }) => sum + outbox(stage, id).rows, 0)
}

function outbox(stage: Stage, id: string): { rows: number; first: number | null; last: number | null } {
  using db = openDatabase(stage.files(id).stateDb, 'state', { readOnly: true })
  const row = db
    .prepare<[], { rows: number; first: number | null; last: number | null }>(
      'select count(*) as rows, min(seq) as first, max(seq) as last from outbox where parked is null',
    )
    .get()
  return row ?? { rows: 0, first: null, last: null }
}
