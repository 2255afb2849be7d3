import type { Timer } from '@kafclaw/env'
import { AppError, partitionFor, topicName } from '@kafclaw/envelope'
import { type Log, readAll } from '@kafclaw/kafka'
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
  /** The times are over after which a reader without a watch rests, or ends. */
  passRestTime(): Promise<void>
  passEndTime(): Promise<void>
  /** How often somebody has begun to read, and what was handed on. */
  readings(): number
  records(): number
}

const REST_AFTER_MS = 50
const END_AFTER_MS = 5_000

/** A journal reader on the log of the group, whose troubles the test decides. */
function createTrial(group: TestGroup): Trial {
  let died = Promise.withResolvers<void>()
  let opened = Promise.resolve()
  let readings = 0
  let records = 0
  const held = new Map<() => void, number>()
  const log: Log = {
    ...group.log,
    async offsets(topics) {
      await opened
      return group.log.offsets(topics)
    },
    read(options) {
      readings++
      const reader = group.log.read({
        ...options,
        onBatch(batches) {
          for (const batch of batches) records += batch.records.length
          return options.onBatch(batches)
        },
      })
      died.promise.catch(() => reader.close())
      return { ...reader, ended: Promise.race([reader.ended, died.promise]) }
    },
  }
  const env = {
    ...group.env,
    setTimer(delayMs: number, fire: () => void): Timer {
      if (delayMs !== REST_AFTER_MS && delayMs !== END_AFTER_MS) return group.env.setTimer(delayMs, fire)
      held.set(fire, delayMs)
      return { cancel: () => void held.delete(fire) }
    },
  }

  async function pass(delayMs: number): Promise<void> {
    for (const [fire, afterMs] of held) {
      if (afterMs !== delayMs) continue
      held.delete(fire)
      fire()
    }
    await new Promise((resolve) => setImmediate(resolve))
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
    passRestTime: () => pass(REST_AFTER_MS),
    passEndTime: () => pass(END_AFTER_MS),
    readings: () => readings,
    records: () => records,
  }
}

const homeOf = (taskId: string) => ({ taskId, partition: partitionFor(taskId, PARTITIONS) })

it('a journal that is needed goes on being read, also when the last one that was needed before is closed just then', async () => {
  await using group = await createTestGroup()
  const { reader, die, gate, passRestTime, passEndTime } = createTrial(group)
  const before = await reader.watch(homeOf('task-before'), 0, NEVER)
  die()
  await new Promise((resolve) => setImmediate(resolve))
  const open = gate()
  const opening = reader.watch(homeOf('task-now'), 0, NEVER)
  before.close()
  open()
  const watch = await opening
  await passRestTime()
  await passEndTime()
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
  const { reader, readings } = createTrial(group)
  const taskIds = Array.from({ length: 20 }, (_, n) => `task-${n}`)
  for (const taskId of taskIds)
    await group.client.publish({
      type: 'trace',
      correlation_id: taskId,
      payload: { ...RUN, run_id: `run-of-${taskId}` },
    })
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
  const { reader, readings } = createTrial(group)
  const taskId = 'task-held'
  const write = (run_id: string) =>
    group.client.publish({ type: 'trace', correlation_id: taskId, payload: { ...RUN, run_id } })
  await write('run-long-over')
  const { partition, offset } = (await write('run-before')).place
  reader.readAhead([{ partition, from: offset }])
  const watch = await reader.watch(homeOf(taskId), offset, NEVER)
  expect(watch.counted.map(({ runId }) => runId)).toEqual(['run-before'])
  expect(readings()).toBe(1)
  await reader.stop()
})

it('what others write wakes nobody while no run needs it, and is there for the next run that does', async () => {
  await using group = await createTestGroup()
  const { reader, passRestTime, readings, records } = createTrial(group)
  const write = (taskId: string) => group.client.publish({ type: 'trace', correlation_id: taskId, payload: RUN })
  const first = await reader.watch(homeOf('task-one'), 0, NEVER)
  expect(await first.readBack((await write('task-one')).envelope.id, AbortSignal.timeout(10_000))).toBe(true)
  first.close()
  await passRestTime()
  const seen = records()
  const { place, envelope } = await write('task-other')
  await readAll(group.log, [topicName(group.scope, 'traces')])
  expect(records()).toBe(seen)
  const other = await reader.watch(homeOf('task-other'), place.offset, NEVER)
  expect(await other.readBack(envelope.id, AbortSignal.timeout(10_000))).toBe(true)
  expect(readings()).toBe(1)
  await reader.stop()
})

it('a reader that nobody has needed for long is closed, and the next run begins another', async () => {
  await using group = await createTestGroup()
  const { reader, passRestTime, passEndTime, readings } = createTrial(group)
  const first = await reader.watch(homeOf('task-one'), 0, NEVER)
  first.close()
  await passRestTime()
  await passEndTime()
  const { envelope } = await group.client.publish({ type: 'trace', correlation_id: 'task-two', payload: RUN })
  const second = await reader.watch(homeOf('task-two'), 0, NEVER)
  expect(await second.readBack(envelope.id, AbortSignal.timeout(10_000))).toBe(true)
  expect(readings()).toBeGreaterThan(1)
  await reader.stop()
})
