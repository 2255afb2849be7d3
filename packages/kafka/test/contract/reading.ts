import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@kafclaw/envelope'
import { uniqueName } from '@kafclaw/testing'
import { describe, expect, it, vi } from 'vitest'
import { collect } from '../reading.ts'
import { type ContractLog, record, WAIT } from './contract-log.ts'

export function readingContract(under: ContractLog): void {
  const { topic, publish } = under

  describe('reading', () => {
    it('has caught up only when all that lay there at start was handed on', async () => {
      const t = await topic(3)
      await publish(...Array.from({ length: 300 }, (_, i) => record(t, String(i), { partition: i % 3 })))
      await using read = collect(under.log, [t])
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
      await using read = collect(under.log, [t], { onBatch: () => gate.promise })
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
        await using read = collect(under.log, topics)
        await read.reader.caughtUp
        expect(read.records).toEqual([])
      }
    })

    it('goes on at a position with exactly the records from there', async () => {
      const t = await topic(2)
      await publish(...['a', 'b', 'c', 'd'].map((value) => record(t, value)), record(t, 'z', { partition: 1 }))
      await using read = collect(under.log, [t], { position: (_topic, partition) => (partition === 0 ? 2 : 1) })
      await read.reader.caughtUp
      expect(read.values()).toEqual(['c', 'd'])
      expect(read.batches[0]).toMatchObject({ topic: t, partition: 0, fromOffset: 2, nextOffset: 4 })
    })

    it('begins at the end with nothing of what lies there', async () => {
      const t = await topic()
      await publish(record(t, 'old'))
      await using read = collect(under.log, [t], { position: () => 'end' })
      await read.reader.caughtUp
      await publish(record(t, 'new'))
      await vi.waitFor(() => expect(read.values()).toEqual(['new']), WAIT)
      expect(read.records[0]?.offset).toBe(1)
    })

    it('hands on at once however long a fetch may wait', async () => {
      const t = await topic()
      await using read = collect(under.log, [t], { maxWaitMs: 20_000 })
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
      await using read = collect(under.log, [t])
      await read.reader.caughtUp
      await under.log.deleteTopics([t])
      await vi.waitFor(async () => expect(await under.log.listTopics()).not.toContain(t), WAIT)
      await vi.waitFor(
        async () => expect(await under.log.createTopics([{ name: t, partitions: 1, configs: {} }])).toEqual([t]),
        WAIT,
      )
      await publish(record(t, 'c'))
      await vi.waitFor(() => expect(read.events.map(({ kind }) => kind)).toContain('beyond_end'), WAIT)
      expect(read.values()).toEqual(['a', 'b'])
    })

    it('hands on what another client of the same log publishes', async () => {
      const t = await topic()
      const other = under.form.open()
      await using read = collect(under.log, [t])
      await read.reader.caughtUp
      const publisher = other.publisher()
      await publisher.publish([record(t, 'from outside')])
      await vi.waitFor(() => expect(read.values()).toEqual(['from outside']), WAIT)
      expect(await other.clusterId()).toBe(await under.log.clusterId())
      expect(await other.clusterId()).not.toBe('')
      await other.close()
    })

    it('reads topics added while it runs', async () => {
      const [first, second] = [await topic(), await topic(2)]
      await publish(record(second, 'a'), record(second, 'b', { partition: 1 }))
      await using read = collect(under.log, [first])
      await read.reader.caughtUp
      await read.reader.addTopics([second, first])
      await vi.waitFor(() => expect(read.values().sort()).toEqual(['a', 'b']), WAIT)
      await publish(record(first, 'c'), record(second, 'd'))
      await vi.waitFor(() => expect(read.values().sort()).toEqual(['a', 'b', 'c', 'd']), WAIT)
    })

    it('counts topics added before it has caught up', async () => {
      const [first, second] = [await topic(), await topic()]
      await publish(record(second, 'a'))
      await using read = collect(under.log, [first])
      await Promise.all([read.reader.addTopics([second]), read.reader.caughtUp])
      expect(read.values()).toEqual(['a'])
    })

    it('finds a topic that is created later', async () => {
      const name = uniqueName('later')
      await using read = collect(under.log, [name])
      await read.reader.caughtUp
      expect(read.events).toContainEqual({ kind: 'unknown_topic', topic: name })
      await under.log.createTopics([{ name, partitions: 2, configs: {} }])
      await publish(record(name, 'a', { partition: 1 }))
      await vi.waitFor(() => expect(read.values()).toEqual(['a']), WAIT)
    })

    it('hands on nothing of a paused topic, all of the others, and the rest after resume', async () => {
      const [held, free] = [await topic(), await topic()]
      await using read = collect(under.log, [held, free])
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
      await using read = collect(under.log, [t])
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
      await using read = collect(under.log, [t], {
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
      await using read = collect(under.log, topics)
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
      const reader = under.log.read({
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

    it('ends also with an error of the handler that the log itself would try again', async () => {
      const t = await topic()
      await publish(record(t, 'a'))
      for (const code of ['KC_STORAGE_BUSY', 'KC_KAFKA_UNREACHABLE'] as const) {
        let calls = 0
        const reader = under.log.read({
          topics: [t],
          position: () => 'start',
          onBatch() {
            calls++
            throw new AppError(code, 'of the handler')
          },
        })
        await expect(reader.ended).rejects.toMatchObject({ code })
        await reader.close()
        expect(calls).toBe(1)
      }
    })

    it('lets two readers go their own ways', async () => {
      const t = await topic()
      await publish(record(t, 'a'), record(t, 'b'))
      await using first = collect(under.log, [t])
      await using second = collect(under.log, [t], { position: () => 1 })
      await Promise.all([first.reader.caughtUp, second.reader.caughtUp])
      await first.reader.close()
      await publish(record(t, 'c'))
      await vi.waitFor(() => expect(second.values()).toEqual(['b', 'c']), WAIT)
      expect(first.values()).toEqual(['a', 'b'])
    })

    it('closes at once, as often as asked, and is silent afterwards', async () => {
      const t = await topic()
      const read = collect(under.log, [t], { maxWaitMs: 5_000 })
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
      const read = collect(under.log, [t], {
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
      const read = collect(under.log, [t], { onBatch: () => gate.promise })
      const closed = read.reader.close()
      gate.resolve()
      await closed
      await expect(read.reader.caughtUp).rejects.toMatchObject({ code: 'KC_INTERRUPTED' })
    })

    it('closes its readers and publishers with the log', async () => {
      const t = await topic()
      const other = under.form.open()
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
}
