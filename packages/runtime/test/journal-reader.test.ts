import type { Timer } from '@kafclaw/env'
import { AppError, partitionFor, topicName } from '@kafclaw/envelope'
import type { Log } from '@kafclaw/kafka'
import { expect, it } from 'vitest'
import { createJournalReader, type JournalReader } from '../src/journal/journal-reader.ts'
import { createTestGroup, type TestGroup } from './group.ts'

const PARTITIONS = 6
const NEVER = { signal: new AbortController().signal }
const DIED = new AppError('KC_KAFKA_UNREACHABLE', 'The reader died.')
const RUN = { run_id: 'run-1', attempt: 1, phase: 'started' } as const

interface Trial {
  reader: JournalReader
  /** The reader of the log dies. */
  die(): void
  /** Until it is called again the end offsets are not told. */
  gate(): () => void
  /** What waits for half a minute without a watch is over. */
  passIdleTime(): void
}

/** A journal reader on the log of the group, whose troubles the test decides. */
function createTrial(group: TestGroup): Trial {
  let died = Promise.withResolvers<void>()
  let opened = Promise.resolve()
  const idle = new Set<() => void>()
  const log: Log = {
    ...group.log,
    async offsets(topics) {
      await opened
      return group.log.offsets(topics)
    },
    read(options) {
      const reader = group.log.read(options)
      died.promise.catch(() => reader.close())
      return { ...reader, ended: Promise.race([reader.ended, died.promise]) }
    },
  }
  const env = {
    ...group.env,
    setTimer(delayMs: number, fire: () => void): Timer {
      if (delayMs !== 30_000) return group.env.setTimer(delayMs, fire)
      idle.add(fire)
      return { cancel: () => void idle.delete(fire) }
    },
  }
  return {
    reader: createJournalReader({ env, log, topic: topicName(group.scope, 'traces') }),
    die() {
      died.reject(DIED)
      died = Promise.withResolvers()
    },
    gate() {
      const { promise, resolve } = Promise.withResolvers<void>()
      opened = promise
      return resolve
    },
    passIdleTime() {
      for (const fire of idle) fire()
    },
  }
}

/** The log of the group, and how often somebody has begun to read it. */
function countReadings(group: TestGroup): { log: Log; readings(): number } {
  let readings = 0
  const log: Log = {
    ...group.log,
    read(options) {
      readings++
      return group.log.read(options)
    },
  }
  return { log, readings: () => readings }
}

const homeOf = (taskId: string) => ({ taskId, partition: partitionFor(taskId, PARTITIONS) })

it('a journal that is needed goes on being read, also when the last one that was needed before is closed just then', async () => {
  await using group = await createTestGroup()
  const { reader, die, gate, passIdleTime } = createTrial(group)
  const before = await reader.watch(homeOf('task-before'), 0, NEVER)
  die()
  await new Promise((resolve) => setImmediate(resolve))
  const open = gate()
  const opening = reader.watch(homeOf('task-now'), 0, NEVER)
  before.close()
  open()
  const watch = await opening
  passIdleTime()
  const { envelope } = await group.client.publish({ type: 'trace', correlation_id: 'task-now', payload: RUN })
  expect(await watch.readBack(envelope.id, AbortSignal.timeout(10_000))).toBe(true)
  await reader.stop()
})

it('nobody waits for a reader that has died while the past of his journal was being read', async () => {
  await using group = await createTestGroup()
  const log: Log = {
    ...group.log,
    read: (options) => ({ ...group.log.read(options), ended: Promise.reject(DIED) }),
  }
  const reader = createJournalReader({ env: group.env, log, topic: topicName(group.scope, 'traces') })
  const opening = reader.watch(homeOf('task-now'), 0, { signal: AbortSignal.timeout(500) })
  const waiting = opening.then((watch) => watch.readBack('never', AbortSignal.timeout(5000)))
  await expect(waiting).rejects.toMatchObject({ code: 'KC_KAFKA_UNREACHABLE' })
  await reader.stop()
})

it('whoever waits for the end of a step hears that the reader has died', async () => {
  await using group = await createTestGroup()
  const { reader, die } = createTrial(group)
  const watch = await reader.watch(homeOf('task-now'), 0, NEVER)
  const waiting = watch.untilFinished(0, AbortSignal.timeout(5000))
  die()
  await expect(waiting).rejects.toMatchObject({ code: 'KC_KAFKA_UNREACHABLE' })
  await expect(watch.untilFinished(0, AbortSignal.timeout(5000))).rejects.toMatchObject({
    code: 'KC_KAFKA_UNREACHABLE',
  })
  await reader.stop()
})

it('runs that go on at the same time share one reading of what lies behind them, and each gets its own', async () => {
  await using group = await createTestGroup()
  const { log, readings } = countReadings(group)
  const taskIds = Array.from({ length: 20 }, (_, n) => `task-${n}`)
  for (const taskId of taskIds)
    await group.client.publish({
      type: 'trace',
      correlation_id: taskId,
      payload: { ...RUN, run_id: `run-of-${taskId}` },
    })
  const reader = createJournalReader({ env: group.env, log, topic: topicName(group.scope, 'traces') })
  const watches = await Promise.all(taskIds.map((taskId) => reader.watch(homeOf(taskId), 0, NEVER)))
  expect(watches.map(({ counted }) => counted.map(({ runId }) => runId))).toEqual(
    taskIds.map((taskId) => [`run-of-${taskId}`]),
  )
  // One that follows, and one for the past.
  expect(readings()).toBe(2)
  await reader.stop()
})

it('a run whose journal has been read ahead needs no second reading, also where it asks before that is done', async () => {
  await using group = await createTestGroup()
  const { log, readings } = countReadings(group)
  const taskId = 'task-held'
  const write = (run_id: string) =>
    group.client.publish({ type: 'trace', correlation_id: taskId, payload: { ...RUN, run_id } })
  await write('run-long-over')
  const { partition, offset } = (await write('run-before')).place
  const reader = createJournalReader({ env: group.env, log, topic: topicName(group.scope, 'traces') })
  reader.readAhead([{ partition, from: offset }])
  const watch = await reader.watch(homeOf(taskId), offset, NEVER)
  expect(watch.counted.map(({ runId }) => runId)).toEqual(['run-before'])
  expect(readings()).toBe(1)
  await reader.stop()
})
