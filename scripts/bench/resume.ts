import { decode, type TraceEnvelope, topicName } from '@kafclaw/envelope'
import { readCase } from '../chaos/case/read-case.ts'
import { type CrewMember, createCrew, startAll } from '../chaos/crew.ts'
import { openStage, type Stage } from '../chaos/stage.ts'
import { quantile, round } from './figures.ts'

const STEP_MS = 20
/** Runs that go on until they are ended. */
const ENDLESS = readCase(
  'resume',
  JSON.stringify({
    about: 'two workers, of which one is killed in the middle of a run',
    crew: [{ role: 'worker', count: 2 }],
    work: { steps: 100_000, step: `${STEP_MS}ms` },
  }),
)
/** Results before the kill. */
const STEPS_BEFORE = 5

export interface ResumeOptions {
  rounds: number
  leaseMs: number
}

interface Step {
  envelope: TraceEnvelope
  atMs: number
}

/** How long a run stands still when its worker is killed: from kill -9 to the result of the next step, by the clock of the log. */
export async function benchResume({ rounds, leaseMs }: ResumeOptions) {
  await using stage = await openStage({ leaseMs, brokers: ENDLESS.brokers, ownsBrokers: false })
  const crew = await createCrew(stage, { case: ENDLESS, ledgerUrl: null })
  const steps = followSteps(stage)
  try {
    const [first, ...others] = crew
    if (!first) throw new Error('there are two workers')
    await startAll([first])
    const same = await measureRounds(rounds, () => killOnce(stage, { crew, steps, restartAtOnce: true }))
    await startAll(others)
    const other = await measureRounds(rounds, () => killOnce(stage, { crew, steps, restartAtOnce: false }))
    return {
      same_host_p50_ms: round(quantile(same, 0.5), 0),
      same_host_p99_ms: round(quantile(same, 0.99), 0),
      other_host_p50_ms: round(quantile(other, 0.5), 0),
      other_host_p99_ms: round(quantile(other, 0.99), 0),
      step_ms: STEP_MS,
      lease_ms: leaseMs,
      rounds,
    }
  } finally {
    await steps.close()
  }
}

async function measureRounds(rounds: number, measure: () => Promise<number>): Promise<number[]> {
  const times: number[] = []
  for (let index = 0; index < rounds; index++) times.push(await measure())
  return times
}

async function killOnce(
  stage: Stage,
  { crew, steps, restartAtOnce }: { crew: readonly CrewMember[]; steps: StepFollower; restartAtOnce: boolean },
): Promise<number> {
  const asked = await stage.client.ask({ payload: { content: 'many steps' } })
  const before = await steps.until(asked.taskId, ({ envelope }) => (envelope.payload.step ?? 0) >= STEPS_BEFORE)
  const victim = crew.find(({ id }) => id === before.envelope.payload.agent_id)
  if (!victim) throw new Error('nobody of the crew runs the task')
  const killedMs = Date.now()
  await victim.process.kill()
  if (restartAtOnce) victim.process.start()
  const after = await steps.until(asked.taskId, ({ envelope }) => envelope.payload.attempt > 1)
  if (!restartAtOnce) {
    if (after.envelope.payload.agent_id === victim.id) throw new Error('the task was to be taken over')
    victim.process.start()
  }
  await victim.process.ready()
  await stage.client.publish({ type: 'response', correlation_id: asked.taskId, payload: { status: 'cancelled' } })
  await asked.outcome
  return after.atMs - killedMs
}

interface StepFollower {
  /** The first result of a task that is like that. */
  until(taskId: string, isIt: (step: Step) => boolean): Promise<Step>
  close(): Promise<void>
}

function followSteps({ log, scope }: Stage): StepFollower {
  const seen: Step[] = []
  let waiting: Array<() => void> = []
  const reader = log.read({
    topics: [topicName(scope, 'traces')],
    position: () => 'start',
    onBatch(batches) {
      for (const record of batches.flatMap((batch) => batch.records)) {
        const decoded = decode(record)
        if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'trace') continue
        if (decoded.envelope.payload.phase === 'result')
          seen.push({ envelope: decoded.envelope, atMs: record.timestampMs })
      }
      const callbacks = waiting
      waiting = []
      for (const callback of callbacks) callback()
    },
  })
  return {
    async until(taskId, isIt) {
      for (;;) {
        const found = seen.find((step) => step.envelope.correlation_id === taskId && isIt(step))
        if (found) return found
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    close: () => reader.close(),
  }
}
