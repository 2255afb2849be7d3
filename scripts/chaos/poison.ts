import { setTimeout as delay } from 'node:timers/promises'
import { topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { BAD_KINDS, badRecord } from './bad-records.ts'
import { startWorkers } from './crew.ts'
import { latencyFigures, startLoad } from './load.ts'
import type { FaultOptions } from './options.ts'
import { readAfterwards } from './readers.ts'
import { openStage, type Stage } from './stage.ts'
import { judge, type Verdict } from './verdict.ts'

const GOOD_FOR_A_BAD = 5
const TICK_MS = 100
const DEAD_LETTERS_WITHIN_MS = 30_000
const LONGEST_MS = 2000

/** Bad records among good ones: each is shown once, and nobody waits because of them. */
export async function chaosPoison(options: FaultOptions): Promise<Verdict> {
  await using stage = await openStage(options.leaseMs)
  const crew = await startWorkers(stage, 4, options)
  const bad = Math.max(BAD_KINDS, Math.round(options.tasks / GOOD_FOR_A_BAD))
  const load = startLoad(stage, options)
  await publishBad(stage, bad, load)
  await load.answered
  const letters = await readDeadLetters(stage, bad)
  const dead = crew.filter(({ process }) => !process.isRunning()).length
  const { tasks, ...reading } = await readAfterwards(stage, crew)
  // A bad request whose task can be read is rejected: an outcome too, but not of a good record.
  const outcomes = [...tasks].filter(([taskId, { outcome }]) => load.has(taskId) && outcome !== null).length
  const sources = new Set(letters).size
  const times = latencyFigures(load)
  return judge(
    {
      requests: load.asked(),
      ...reading,
      outcomes,
      rejected: reading.outcomes - outcomes,
      bad,
      kinds: BAD_KINDS,
      dead_letters: letters.length,
      sources,
      dead_readers: dead,
      ...times,
      lease_ms: stage.leaseMs,
    },
    {
      'every good record has its outcome': outcomes === load.asked(),
      'every bad record is in the dlq': sources === bad,
      'no more than 5 % of them twice': letters.length <= 1.05 * bad,
      'no reader is dead': dead === 0,
      'disagreements 0': reading.disagreements === 0,
      'no task is delayed by more than 2 s': times.max_ms <= LONGEST_MS,
    },
  )
}

/** Publishes the bad ones at the pace of the good ones. */
async function publishBad(stage: Stage, bad: number, load: { asked(): number; sent: Promise<void> }): Promise<void> {
  const publisher = stage.log.publisher({ lane: 'bad' })
  let sending = true
  const sent = load.sent.finally(() => {
    sending = false
  })
  for (let published = 0; published < bad; ) {
    const due = sending ? Math.min(bad, Math.floor(load.asked() / GOOD_FOR_A_BAD)) : bad
    if (due > published) {
      await publisher.publish(Array.from({ length: due - published }, (_, n) => badRecord(stage, published + n)))
      published = due
    }
    await delay(TICK_MS)
  }
  await sent
  await publisher.close()
}

/** The sources of the dead letters, once there are as many as there should be and no more come. */
async function readDeadLetters({ log, scope, leaseMs }: Stage, wanted: number): Promise<string[]> {
  const topic = topicName(scope, 'dlq')
  const read = async (): Promise<string[]> => (await readAll(log, [topic])).map(({ key }) => key?.toString() ?? '')
  const deadlineMs = performance.now() + DEAD_LETTERS_WITHIN_MS
  while (new Set(await read()).size < wanted && performance.now() < deadlineMs) await delay(TICK_MS)
  // Whoever would write one again does so within a lease.
  await delay(leaseMs)
  return read()
}
