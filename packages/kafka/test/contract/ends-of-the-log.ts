import { setTimeout as delay } from 'node:timers/promises'
import { uniqueName } from '@kafclaw/testing'
import { describe, expect, it, vi } from 'vitest'
import { readAll, readOnce } from '../../src/index.ts'
import { collect } from '../reading.ts'
import { type ContractLog, record, WAIT } from './contract-log.ts'

const FIRST_MS = Date.parse('2020-01-01T00:00:00Z')

export function endsOfTheLogContract(under: ContractLog): void {
  const { topic, publish } = under

  describe('the ends of the log', () => {
    it('goes on at the start of the log, and says what it did not see', async () => {
      const t = await topic()
      await publish(...['a', 'b', 'c', 'd'].map((value) => record(t, value)))
      await under.form.deleteBefore(t, 0, 2)
      await using read = collect(under.log, [t], { position: () => 1 })
      await read.reader.caughtUp
      expect(read.values()).toEqual(['c', 'd'])
      const gap = { from: 1, to: 2, reason: 'below_start' }
      expect(read.batches[0]).toMatchObject({ fromOffset: 1, nextOffset: 2, records: [], gap })
      expect(read.events).toContainEqual({ kind: 'below_start', topic: t, partition: 0, from: 1, to: 2 })
      expect(await under.log.offsets([t])).toEqual([{ topic: t, partition: 0, start: 2, end: 4 }])
    })

    it('begins at the start of the log without a gap where the start is asked for', async () => {
      const t = await topic()
      await publish(...['a', 'b', 'c'].map((value) => record(t, value)))
      await under.form.deleteBefore(t, 0, 2)
      await using read = collect(under.log, [t])
      await read.reader.caughtUp
      expect(read.values()).toEqual(['c'])
      expect(read.batches.every((batch) => batch.gap === undefined)).toBe(true)
    })

    it('notices that the log was cut off below it while it was paused', async () => {
      const t = await topic()
      await using read = collect(under.log, [t])
      await read.reader.caughtUp
      read.reader.pause([t])
      await publish(...['a', 'b', 'c'].map((value) => record(t, value)))
      await under.form.deleteBefore(t, 0, 2)
      read.reader.resume([t])
      await vi.waitFor(() => expect(read.values()).toEqual(['c']), WAIT)
      expect(read.batches.find((batch) => batch.gap)?.gap).toEqual({ from: 0, to: 2, reason: 'below_start' })
    })

    it('stops a partition whose position lies beyond the end, and only that', async () => {
      const t = await topic(2)
      await publish(record(t, 'a'), record(t, 'b', { partition: 1 }))
      await using read = collect(under.log, [t], { position: (_topic, partition) => (partition === 0 ? 5 : 0) })
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
          await under.form.compact()
          const kept = await readAll(under.log, [t])
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
      await using read = collect(under.log, [t], { position: () => 0 })
      await read.reader.caughtUp
      expect(read.batches.every((batch) => batch.gap === undefined)).toBe(true)
      expect(await under.log.offsets([t])).toMatchObject([{ start: 0 }])
      expect(await readOnce(under.log, { topic: t, partition: 0, offset: 0 })).toBeNull()
      expect((await readOnce(under.log, { topic: t, partition: 0, offset: 3 }))?.value?.toString()).toBe('d')
    })

    it('tells start and end offsets, and refuses for a topic that does not exist', async () => {
      const t = await topic(2)
      await publish(record(t, 'a'), record(t, 'b'))
      expect(await under.log.offsets([t])).toEqual([
        { topic: t, partition: 0, start: 0, end: 2 },
        { topic: t, partition: 1, start: 0, end: 0 },
      ])
      expect(await under.log.offsets([])).toEqual([])
      await expect(under.log.offsets([uniqueName('missing')])).rejects.toMatchObject({ code: 'KC_KAFKA_UNKNOWN_TOPIC' })
    })

    it('finds the offset of a time', async () => {
      const t = await topic(2, { 'message.timestamp.type': 'LogAppendTime' })
      for (const value of ['a', 'b', 'c']) {
        await publish(record(t, value))
        await delay(20)
      }
      const times = (await readAll(under.log, [t])).map(({ timestampMs }) => timestampMs)
      expect(new Set(times).size).toBe(3)
      expect(await under.log.offsetsAt([t], times[1] ?? 0)).toEqual([
        { topic: t, partition: 0, offset: 1 },
        { topic: t, partition: 1, offset: 0 },
      ])
      expect((await under.log.offsetsAt([t], (times[1] ?? 0) + 1))[0]?.offset).toBe(2)
      expect((await under.log.offsetsAt([t], FIRST_MS))[0]?.offset).toBe(0)
      expect((await under.log.offsetsAt([t], Date.now() + 60_000))[0]?.offset).toBe(3)
    })
  })
}
