import { setTimeout as delay } from 'node:timers/promises'
import { type AppError, formatPlace } from '@kafclaw/envelope'
import { uniqueName } from '@kafclaw/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Log, type OutgoingRecord, readAll, readOnce } from '../src/index.ts'
import { collect } from './reading.ts'

/** What the suite needs of a form beside the Log itself. */
export interface LogForm extends AsyncDisposable {
  /** Another client of the same log, as another process would open it. */
  open(): Log
  /** Takes away what lies before the offset, as retention does. */
  deleteBefore(topic: string, partition: number, offset: number): Promise<void>
  /** Makes the form compact now, where it does not do so by itself. */
  compact(): Promise<void>
}

const WAIT = { timeout: 30_000, interval: 20 }
const FIRST_MS = Date.parse('2020-01-01T00:00:00Z')

export function record(topic: string, value: string | null, more: Partial<OutgoingRecord> = {}): OutgoingRecord {
  const bytes = value === null ? null : Buffer.from(value)
  return { topic, partition: 0, key: Buffer.from('key'), value: bytes, headers: [], ...more }
}

/** The guarantees of a Log, the same for every form. */
export function logContract(setUp: () => Promise<LogForm>): void {
  let form: LogForm
  let log: Log

  beforeAll(async () => {
    form = await setUp()
    log = form.open()
  })
  afterAll(async () => {
    await log.close()
    await form[Symbol.asyncDispose]()
  })

  async function topic(partitions = 1, configs: Record<string, string> = {}): Promise<string> {
    const name = uniqueName('t')
    await log.createTopics([{ name, partitions, configs }])
    return name
  }

  async function publish(...records: OutgoingRecord[]) {
    const publisher = log.publisher()
    try {
      return await publisher.publish(records)
    } finally {
      await publisher.close()
    }
  }

  async function refusal(...records: OutgoingRecord[]): Promise<AppError> {
    return publish(...records).then(
      () => expect.fail('the records were taken'),
      (error: AppError) => error,
    )
  }

  describe('publishing', () => {
    it('gives each partition dense offsets from 0 in the order of the call', async () => {
      const t = await topic(2)
      const places = await publish(record(t, 'a'), record(t, 'b', { partition: 1 }), record(t, 'c'))
      expect(places.map(formatPlace)).toEqual([`${t}/0/0`, `${t}/1/0`, `${t}/0/1`])
      expect((await publish(record(t, 'd'))).map(formatPlace)).toEqual([`${t}/0/2`])
    })

    it('returns the positions at which the records really lie', async () => {
      const t = await topic(3)
      const sent = ['a', 'b', 'c', 'd', 'e'].map((value, index) => record(t, value, { partition: index % 3 }))
      const places = await publish(...sent)
      for (const [index, place] of places.entries()) {
        expect((await readOnce(log, place))?.value?.toString()).toBe(sent[index]?.value?.toString())
      }
      expect(await readOnce(log, { topic: t, partition: 0, offset: 99 })).toBeNull()
    })

    it('keeps keys, values and headers byte for byte', async () => {
      const t = await topic()
      const bytes = Buffer.from([0, 255, 128, 10, 13, 0])
      const sent: OutgoingRecord[] = [
        record(t, null, { key: null }),
        record(t, '', { key: Buffer.alloc(0) }),
        record(t, 'x', {
          key: bytes,
          value: bytes,
          headers: [
            ['b', Buffer.from('1')],
            ['a', bytes],
            ['b', Buffer.from('2')],
            ['10', Buffer.alloc(0)],
            ['9', Buffer.from('ü')],
            ['ключ', Buffer.from('v')],
          ],
        }),
      ]
      await publish(...sent)
      const read = await readAll(log, [t])
      expect(read.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(
        sent.map(({ key, value, headers }) => ({ key, value, headers })),
      )
    })

    it('refuses an unknown topic and writes what belongs to others', async () => {
      const t = await topic()
      const missing = uniqueName('missing')
      const error = await refusal(record(t, 'a'), record(missing, 'b'), record(t, 'c'), record(missing, 'd'))
      expect(error).toMatchObject({ code: 'KC_KAFKA_UNKNOWN_TOPIC', details: { failed: [1, 3] } })
      expect(error.message).toContain(missing)
      expect((await readAll(log, [t])).map(({ value }) => value?.toString())).toEqual(['a', 'c'])
    })

    it('refuses a partition that the topic does not have', async () => {
      const t = await topic(2)
      const error = await refusal(record(t, 'a', { partition: 2 }))
      expect(error).toMatchObject({ code: 'KC_KAFKA_UNKNOWN_TOPIC', details: { failed: [0] } })
      expect(await readAll(log, [t])).toEqual([])
    })

    it('refuses a record above 1 MiB before anything is written, and takes one just below', async () => {
      const t = await topic()
      const mebibyte = 1024 * 1024
      const large = record(t, null, { value: Buffer.alloc(mebibyte) })
      expect(await refusal(record(t, 'a'), large)).toMatchObject({
        code: 'KC_KAFKA_RECORD_TOO_LARGE',
        details: { failed: [1] },
      })
      expect(await readAll(log, [t])).toEqual([])
      await publish(record(t, null, { value: Buffer.alloc(mebibyte - 200, 7) }))
      expect((await readAll(log, [t]))[0]?.value?.length).toBe(mebibyte - 200)
    })

    it('refuses a record without a key on a compacted topic', async () => {
      const t = await topic(1, { 'cleanup.policy': 'compact' })
      expect(await refusal(record(t, 'a', { key: null }))).toMatchObject({
        code: 'KC_KAFKA_REJECTED',
        details: { failed: [0] },
      })
      expect(await readAll(log, [t])).toEqual([])
    })

    it('writes a call of several megabytes whole and in order', async () => {
      const t = await topic()
      const values = Array.from({ length: 40 }, (_, index) => String(index).padEnd(100_000, 'x'))
      const places = await publish(...values.map((value) => record(t, value)))
      expect(places.map(({ offset }) => offset)).toEqual(values.map((_, index) => index))
      expect((await readAll(log, [t])).map(({ value }) => value?.toString())).toEqual(values)
    })

    it('acknowledges concurrent calls each with positions of its own', async () => {
      const t = await topic(2)
      const publishers = [log.publisher(), log.publisher()]
      const calls = Array.from({ length: 60 }, (_, index) =>
        publishers[index % 2]?.publish([record(t, `v${index}`, { partition: index % 2 }), record(t, `w${index}`)]),
      )
      const places = (await Promise.all(calls)).flatMap((call) => call ?? [])
      await Promise.all(publishers.map((publisher) => publisher.close()))
      expect(new Set(places.map(formatPlace)).size).toBe(120)
      const read = await readAll(log, [t])
      expect(read).toHaveLength(120)
      for (const { topic: name, partition, offset, value } of read) {
        const place = places.findIndex(
          (other) => formatPlace(other) === formatPlace({ topic: name, partition, offset }),
        )
        expect(value?.toString()).toBe(`${place % 2 === 0 ? 'v' : 'w'}${Math.floor(place / 2)}`)
      }
    })

    it('keeps the order of calls that one publisher got without waiting', async () => {
      const t = await topic()
      const publisher = log.publisher()
      await Promise.all(Array.from({ length: 50 }, (_, index) => publisher.publish([record(t, String(index))])))
      await publisher.close()
      expect((await readAll(log, [t])).map(({ value }) => Number(value))).toEqual(
        Array.from({ length: 50 }, (_, i) => i),
      )
    })

    it('stamps records with times that never go back', async () => {
      const t = await topic(1, { 'message.timestamp.type': 'LogAppendTime' })
      const beforeMs = Date.now() - 1_000
      for (const value of ['a', 'b', 'c']) await publish(record(t, value))
      const times = (await readAll(log, [t])).map(({ timestampMs }) => timestampMs)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(times[0]).toBeGreaterThan(beforeMs)
      expect(times[2]).toBeLessThan(Date.now() + 1_000)
    })

    it('takes an empty call for done and refuses any after close', async () => {
      const t = await topic()
      const publisher = log.publisher()
      expect(await publisher.publish([])).toEqual([])
      await publisher.close()
      await expect(publisher.publish([record(t, 'a')])).rejects.toMatchObject({ code: 'KC_INTERRUPTED' })
    })
  })

  describe('reading', () => {
    it('has caught up only when all that lay there at start was handed on', async () => {
      const t = await topic(3)
      await publish(...Array.from({ length: 300 }, (_, i) => record(t, String(i), { partition: i % 3 })))
      await using read = collect(log, [t])
      await read.reader.caughtUp
      expect(read.records).toHaveLength(300)
      for (const partition of [0, 1, 2]) {
        const mine = read.records.filter((entry) => entry.partition === partition)
        expect(mine.map(({ offset }) => offset)).toEqual(mine.map((_, index) => index))
      }
      expect(read.reader.lag().map(({ lag }) => lag)).toEqual([0, 0, 0])
    })

    it('waits with caughtUp for a handler that is still at work', async () => {
      const t = await topic()
      await publish(record(t, 'a'))
      const gate = Promise.withResolvers<void>()
      let reached = false
      await using read = collect(log, [t], { onBatch: () => gate.promise })
      const caughtUp = read.reader.caughtUp.then(() => {
        reached = true
      })
      await vi.waitFor(() => expect(read.reader.lag()[0]?.end).toBe(1), WAIT)
      await delay(50)
      expect(reached).toBe(false)
      gate.resolve()
      await caughtUp
    })

    it('has caught up at once where nothing lies, no topic is named, or the topic does not exist', async () => {
      const empty = await topic(2)
      for (const topics of [[empty], [], [uniqueName('missing')]]) {
        await using read = collect(log, topics)
        await read.reader.caughtUp
        expect(read.records).toEqual([])
      }
    })

    it('goes on at a position with exactly the records from there', async () => {
      const t = await topic(2)
      await publish(...['a', 'b', 'c', 'd'].map((value) => record(t, value)), record(t, 'z', { partition: 1 }))
      await using read = collect(log, [t], { position: (_topic, partition) => (partition === 0 ? 2 : 1) })
      await read.reader.caughtUp
      expect(read.values()).toEqual(['c', 'd'])
      expect(read.batches[0]).toMatchObject({ topic: t, partition: 0, fromOffset: 2, nextOffset: 4 })
    })

    it('begins at the end with nothing of what lies there', async () => {
      const t = await topic()
      await publish(record(t, 'old'))
      await using read = collect(log, [t], { position: () => 'end' })
      await read.reader.caughtUp
      await publish(record(t, 'new'))
      await vi.waitFor(() => expect(read.values()).toEqual(['new']), WAIT)
      expect(read.records[0]?.offset).toBe(1)
    })

    it('hands on at once however long a fetch may wait', async () => {
      const t = await topic()
      await using read = collect(log, [t], { maxWaitMs: 20_000 })
      await read.reader.caughtUp
      await delay(100)
      const startMs = performance.now()
      await publish(record(t, 'a'))
      await vi.waitFor(() => expect(read.values()).toEqual(['a']), WAIT)
      expect(performance.now() - startMs).toBeLessThan(5_000)
    })

    it('stops at a topic that was deleted and made anew with fewer records', async () => {
      const t = await topic()
      await publish(record(t, 'a'), record(t, 'b'))
      await using read = collect(log, [t])
      await read.reader.caughtUp
      await log.deleteTopics([t])
      await vi.waitFor(async () => expect(await log.listTopics()).not.toContain(t), WAIT)
      await vi.waitFor(
        async () => expect(await log.createTopics([{ name: t, partitions: 1, configs: {} }])).toEqual([t]),
        WAIT,
      )
      await publish(record(t, 'c'))
      await vi.waitFor(() => expect(read.events.map(({ kind }) => kind)).toContain('beyond_end'), WAIT)
      expect(read.values()).toEqual(['a', 'b'])
    })

    it('hands on what another client of the same log publishes', async () => {
      const t = await topic()
      const other = form.open()
      await using read = collect(log, [t])
      await read.reader.caughtUp
      const publisher = other.publisher()
      await publisher.publish([record(t, 'from outside')])
      await vi.waitFor(() => expect(read.values()).toEqual(['from outside']), WAIT)
      expect(await other.clusterId()).toBe(await log.clusterId())
      expect(await other.clusterId()).not.toBe('')
      await other.close()
    })

    it('reads topics added while it runs', async () => {
      const [first, second] = [await topic(), await topic(2)]
      await publish(record(second, 'a'), record(second, 'b', { partition: 1 }))
      await using read = collect(log, [first])
      await read.reader.caughtUp
      await read.reader.addTopics([second, first])
      await vi.waitFor(() => expect(read.values().sort()).toEqual(['a', 'b']), WAIT)
      await publish(record(first, 'c'), record(second, 'd'))
      await vi.waitFor(() => expect(read.values().sort()).toEqual(['a', 'b', 'c', 'd']), WAIT)
    })

    it('counts topics added before it has caught up', async () => {
      const [first, second] = [await topic(), await topic()]
      await publish(record(second, 'a'))
      await using read = collect(log, [first])
      await Promise.all([read.reader.addTopics([second]), read.reader.caughtUp])
      expect(read.values()).toEqual(['a'])
    })

    it('finds a topic that is created later', async () => {
      const name = uniqueName('later')
      await using read = collect(log, [name])
      await read.reader.caughtUp
      expect(read.events).toContainEqual({ kind: 'unknown_topic', topic: name })
      await log.createTopics([{ name, partitions: 2, configs: {} }])
      await publish(record(name, 'a', { partition: 1 }))
      await vi.waitFor(() => expect(read.values()).toEqual(['a']), WAIT)
    })

    it('hands on nothing of a paused topic, all of the others, and the rest after resume', async () => {
      const [held, free] = [await topic(), await topic()]
      await using read = collect(log, [held, free])
      await read.reader.caughtUp
      read.reader.pause([held])
      await publish(record(held, 'h1'), record(free, 'f1'))
      await publish(record(held, 'h2'), record(free, 'f2'))
      await vi.waitFor(() => expect(read.values()).toEqual(['f1', 'f2']), WAIT)
      await delay(300)
      expect(read.values()).toEqual(['f1', 'f2'])
      read.reader.resume([held])
      await vi.waitFor(() => expect(read.values()).toEqual(['f1', 'f2', 'h1', 'h2']), WAIT)
    })

    it('resumes a reader of which everything was paused', async () => {
      const t = await topic()
      await using read = collect(log, [t])
      await read.reader.caughtUp
      read.reader.pause([t])
      await publish(record(t, 'a'))
      await delay(300)
      expect(read.values()).toEqual([])
      read.reader.resume([t])
      await vi.waitFor(() => expect(read.values()).toEqual(['a']), WAIT)
    })

    it('never calls the handler twice at once', async () => {
      const t = await topic(4)
      let running = 0
      let most = 0
      let taken = 0
      await using read = collect(log, [t], {
        maxBytes: 20_000,
        async onBatch(batches) {
          most = Math.max(most, ++running)
          await delay(2)
          taken += batches.reduce((total, batch) => total + batch.records.length, 0)
          running--
        },
      })
      for (let round = 0; round < 10; round++) {
        await publish(...Array.from({ length: 40 }, (_, i) => record(t, 'x'.repeat(500), { partition: i % 4 })))
      }
      await vi.waitFor(() => expect(taken).toBe(400), WAIT)
      expect(most).toBe(1)
      await read.reader.caughtUp
    })

    it('hands on one call for what lies in several topics', async () => {
      const topics = [await topic(2), await topic(), await topic()]
      await publish(...topics.map((name) => record(name, name)), record(topics[0] ?? '', 'second', { partition: 1 }))
      await using read = collect(log, topics)
      await read.reader.caughtUp
      expect(read.calls).toEqual([4])
    })

    it.each([
      [
        'throws',
        () => {
          throw new TypeError('handler')
        },
      ],
      ['rejects', () => Promise.reject(new TypeError('handler'))],
    ])('ends with the error of a handler that %s, and hands on nothing more', async (_how, onBatch) => {
      const t = await topic()
      await publish(record(t, 'a'))
      let calls = 0
      const reader = log.read({
        topics: [t],
        position: () => 'start',
        onBatch() {
          calls++
          return onBatch()
        },
      })
      await expect(reader.ended).rejects.toThrow('handler')
      await expect(reader.caughtUp).rejects.toThrow('handler')
      await publish(record(t, 'b'))
      await delay(300)
      expect(calls).toBe(1)
      await reader.close()
    })

    it('lets two readers go their own ways', async () => {
      const t = await topic()
      await publish(record(t, 'a'), record(t, 'b'))
      await using first = collect(log, [t])
      await using second = collect(log, [t], { position: () => 1 })
      await Promise.all([first.reader.caughtUp, second.reader.caughtUp])
      await first.reader.close()
      await publish(record(t, 'c'))
      await vi.waitFor(() => expect(second.values()).toEqual(['b', 'c']), WAIT)
      expect(first.values()).toEqual(['a', 'b'])
    })

    it('closes at once, as often as asked, and is silent afterwards', async () => {
      const t = await topic()
      const read = collect(log, [t], { maxWaitMs: 5_000 })
      await read.reader.caughtUp
      await delay(100)
      const startMs = performance.now()
      await Promise.all([read.reader.close(), read.reader.close()])
      expect(performance.now() - startMs).toBeLessThan(1_000)
      await read.reader.ended
      await publish(record(t, 'a'))
      await delay(200)
      expect(read.values()).toEqual([])
      await read.reader.close()
    })

    it('lets a running handler end before close returns', async () => {
      const t = await topic()
      await publish(record(t, 'a'))
      const started = Promise.withResolvers<void>()
      let done = false
      const read = collect(log, [t], {
        async onBatch() {
          started.resolve()
          await delay(150)
          done = true
        },
      })
      await started.promise
      await read.reader.close()
      expect(done).toBe(true)
    })

    it('fails caughtUp of a reader that is closed before', async () => {
      const t = await topic()
      await publish(record(t, 'a'))
      const gate = Promise.withResolvers<void>()
      const read = collect(log, [t], { onBatch: () => gate.promise })
      const closed = read.reader.close()
      gate.resolve()
      await closed
      await expect(read.reader.caughtUp).rejects.toMatchObject({ code: 'KC_INTERRUPTED' })
    })

    it('closes its readers and publishers with the log', async () => {
      const t = await topic()
      const other = form.open()
      const read = collect(other, [t])
      await read.reader.caughtUp
      const publisher = other.publisher()
      await publisher.publish([record(t, 'a')])
      await other.close()
      await read.reader.ended
      await expect(publisher.publish([record(t, 'b')])).rejects.toMatchObject({ code: 'KC_INTERRUPTED' })
      await other.close()
    })
  })

  describe('the ends of the log', () => {
    it('goes on at the start of the log, and says what it did not see', async () => {
      const t = await topic()
      await publish(...['a', 'b', 'c', 'd'].map((value) => record(t, value)))
      await form.deleteBefore(t, 0, 2)
      await using read = collect(log, [t], { position: () => 1 })
      await read.reader.caughtUp
      expect(read.values()).toEqual(['c', 'd'])
      const gap = { from: 1, to: 2, reason: 'below_start' }
      expect(read.batches[0]).toMatchObject({ fromOffset: 1, nextOffset: 2, records: [], gap })
      expect(read.events).toContainEqual({ kind: 'below_start', topic: t, partition: 0, from: 1, to: 2 })
      expect(await log.offsets([t])).toEqual([{ topic: t, partition: 0, start: 2, end: 4 }])
    })

    it('begins at the start of the log without a gap where the start is asked for', async () => {
      const t = await topic()
      await publish(...['a', 'b', 'c'].map((value) => record(t, value)))
      await form.deleteBefore(t, 0, 2)
      await using read = collect(log, [t])
      await read.reader.caughtUp
      expect(read.values()).toEqual(['c'])
      expect(read.batches.every((batch) => batch.gap === undefined)).toBe(true)
    })

    it('notices that the log was cut off below it while it was paused', async () => {
      const t = await topic()
      await using read = collect(log, [t])
      await read.reader.caughtUp
      read.reader.pause([t])
      await publish(...['a', 'b', 'c'].map((value) => record(t, value)))
      await form.deleteBefore(t, 0, 2)
      read.reader.resume([t])
      await vi.waitFor(() => expect(read.values()).toEqual(['c']), WAIT)
      expect(read.batches.find((batch) => batch.gap)?.gap).toEqual({ from: 0, to: 2, reason: 'below_start' })
    })

    it('stops a partition whose position lies beyond the end, and only that', async () => {
      const t = await topic(2)
      await publish(record(t, 'a'), record(t, 'b', { partition: 1 }))
      await using read = collect(log, [t], { position: (_topic, partition) => (partition === 0 ? 5 : 0) })
      let caughtUp = false
      read.reader.caughtUp.then(
        () => {
          caughtUp = true
        },
        () => undefined,
      )
      await vi.waitFor(() => expect(read.values()).toEqual(['b']), WAIT)
      const beyond = read.events.find((event) => event.kind === 'beyond_end')
      expect(beyond).toMatchObject({ topic: t, partition: 0, position: 5, end: 1 })
      expect(beyond?.kind === 'beyond_end' && beyond.error.code).toBe('KC_LOG_REWOUND')
      await publish(...Array.from({ length: 9 }, () => record(t, 'never')), record(t, 'c', { partition: 1 }))
      await vi.waitFor(() => expect(read.values()).toEqual(['b', 'c']), WAIT)
      expect(caughtUp).toBe(false)
    })

    it('reads a compacted topic without what was overwritten, past the holes', async () => {
      const t = await topic(1, {
        'cleanup.policy': 'compact',
        'segment.ms': '100',
        'min.cleanable.dirty.ratio': '0.01',
      })
      const keyed = (key: string, value: string) => record(t, value, { key: Buffer.from(key) })
      await publish(keyed('k1', 'a'), keyed('k2', 'b'), keyed('k1', 'c'), keyed('k2', 'd'), keyed('k3', 'e'))
      await vi.waitFor(
        async () => {
          // A broker compacts only what lies before the newest segment: this begins a new one.
          await publish(keyed('newest', 'z'))
          await form.compact()
          const kept = await readAll(log, [t])
          expect(
            kept
              .filter(({ key }) => key?.toString() !== 'newest')
              .map(({ value, offset }) => [value?.toString(), offset]),
          ).toEqual([
            ['c', 2],
            ['d', 3],
            ['e', 4],
          ])
        },
        { timeout: 60_000, interval: 300 },
      )
      await using read = collect(log, [t], { position: () => 0 })
      await read.reader.caughtUp
      expect(read.batches.every((batch) => batch.gap === undefined)).toBe(true)
      expect(await log.offsets([t])).toMatchObject([{ start: 0 }])
      expect(await readOnce(log, { topic: t, partition: 0, offset: 0 })).toBeNull()
      expect((await readOnce(log, { topic: t, partition: 0, offset: 3 }))?.value?.toString()).toBe('d')
    })

    it('tells start and end offsets, and refuses for a topic that does not exist', async () => {
      const t = await topic(2)
      await publish(record(t, 'a'), record(t, 'b'))
      expect(await log.offsets([t])).toEqual([
        { topic: t, partition: 0, start: 0, end: 2 },
        { topic: t, partition: 1, start: 0, end: 0 },
      ])
      expect(await log.offsets([])).toEqual([])
      await expect(log.offsets([uniqueName('missing')])).rejects.toMatchObject({ code: 'KC_KAFKA_UNKNOWN_TOPIC' })
    })

    it('finds the offset of a time', async () => {
      const t = await topic(2, { 'message.timestamp.type': 'LogAppendTime' })
      for (const value of ['a', 'b', 'c']) {
        await publish(record(t, value))
        await delay(20)
      }
      const times = (await readAll(log, [t])).map(({ timestampMs }) => timestampMs)
      expect(new Set(times).size).toBe(3)
      expect(await log.offsetsAt([t], times[1] ?? 0)).toEqual([
        { topic: t, partition: 0, offset: 1 },
        { topic: t, partition: 1, offset: 0 },
      ])
      expect((await log.offsetsAt([t], (times[1] ?? 0) + 1))[0]?.offset).toBe(2)
      expect((await log.offsetsAt([t], FIRST_MS))[0]?.offset).toBe(0)
      expect((await log.offsetsAt([t], Date.now() + 60_000))[0]?.offset).toBe(3)
    })
  })

  describe('topics', () => {
    it('creates each topic once and names those it really created', async () => {
      const [first, second] = [uniqueName('t'), uniqueName('t')]
      const wanted = (name: string) => ({ name, partitions: 3, configs: { 'retention.ms': '3600000' } })
      expect(await log.createTopics([wanted(first)])).toEqual([first])
      expect((await log.createTopics([wanted(first), wanted(second)])).sort()).toEqual([second])
      expect(await log.createTopics([wanted(second)])).toEqual([])
      expect(await log.listTopics()).toEqual(expect.arrayContaining([first, second]))
    })

    it('describes partitions and the values in force, and leaves out what does not exist', async () => {
      const t = await topic(3, { 'cleanup.policy': 'compact', 'delete.retention.ms': '1000' })
      const [found, ...others] = await log.describe([uniqueName('missing'), t])
      expect(others).toEqual([])
      expect(found).toMatchObject({ name: t, partitions: 3 })
      expect(found?.replicationFactor).toBeGreaterThanOrEqual(1)
      expect(found?.configs).toMatchObject({
        'cleanup.policy': 'compact',
        'delete.retention.ms': '1000',
        'compression.type': 'producer',
      })
      expect(await log.describe([])).toEqual([])
    })

    it('refuses a name that cannot be a topic', async () => {
      const bad = { name: 'not a topic', partitions: 1, configs: {} }
      await expect(log.createTopics([bad])).rejects.toMatchObject({ code: 'KC_KAFKA_REJECTED' })
    })

    it('deletes topics, and takes one that does not exist for deleted', async () => {
      const t = await topic()
      await log.deleteTopics([t, uniqueName('missing')])
      await vi.waitFor(async () => expect(await log.listTopics()).not.toContain(t), WAIT)
      await vi.waitFor(
        async () => expect(await refusal(record(t, 'a'))).toMatchObject({ code: 'KC_KAFKA_UNKNOWN_TOPIC' }),
        WAIT,
      )
    })
  })
}
