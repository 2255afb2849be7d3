import { formatPlace } from '@kafclaw/envelope'
import { uniqueName } from '@kafclaw/testing'
import { describe, expect, it } from 'vitest'
import { type OutgoingRecord, readAll, readOnce } from '../../src/index.ts'
import { type ContractLog, record } from './contract-log.ts'

export function publishingContract(under: ContractLog): void {
  const { topic, publish, refusal } = under

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
        expect((await readOnce(under.log, place))?.value?.toString()).toBe(sent[index]?.value?.toString())
      }
      expect(await readOnce(under.log, { topic: t, partition: 0, offset: 99 })).toBeNull()
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
      const read = await readAll(under.log, [t])
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
      expect((await readAll(under.log, [t])).map(({ value }) => value?.toString())).toEqual(['a', 'c'])
    })

    it('refuses a partition that the topic does not have', async () => {
      const t = await topic(2)
      const error = await refusal(record(t, 'a', { partition: 2 }))
      expect(error).toMatchObject({ code: 'KC_KAFKA_UNKNOWN_TOPIC', details: { failed: [0] } })
      expect(await readAll(under.log, [t])).toEqual([])
    })

    it('refuses a record above 1 MiB before anything is written, and takes one just below', async () => {
      const t = await topic()
      const mebibyte = 1024 * 1024
      const large = record(t, null, { value: Buffer.alloc(mebibyte) })
      expect(await refusal(record(t, 'a'), large)).toMatchObject({
        code: 'KC_KAFKA_RECORD_TOO_LARGE',
        details: { failed: [1] },
      })
      expect(await readAll(under.log, [t])).toEqual([])
      await publish(record(t, null, { value: Buffer.alloc(mebibyte - 200, 7) }))
      expect((await readAll(under.log, [t]))[0]?.value?.length).toBe(mebibyte - 200)
    })

    it('refuses a record without a key on a compacted topic', async () => {
      const t = await topic(1, { 'cleanup.policy': 'compact' })
      expect(await refusal(record(t, 'a', { key: null }))).toMatchObject({
        code: 'KC_KAFKA_REJECTED',
        details: { failed: [0] },
      })
      expect(await readAll(under.log, [t])).toEqual([])
    })

    it('writes a call of several megabytes whole and in order', async () => {
      const t = await topic()
      const values = Array.from({ length: 40 }, (_, index) => String(index).padEnd(100_000, 'x'))
      const places = await publish(...values.map((value) => record(t, value)))
      expect(places.map(({ offset }) => offset)).toEqual(values.map((_, index) => index))
      expect((await readAll(under.log, [t])).map(({ value }) => value?.toString())).toEqual(values)
    })

    it('acknowledges concurrent calls each with positions of its own', async () => {
      const t = await topic(2)
      const publishers = [under.log.publisher(), under.log.publisher()]
      const calls = Array.from({ length: 60 }, (_, index) =>
        publishers[index % 2]?.publish([record(t, `v${index}`, { partition: index % 2 }), record(t, `w${index}`)]),
      )
      const places = (await Promise.all(calls)).flatMap((call) => call ?? [])
      await Promise.all(publishers.map((publisher) => publisher.close()))
      expect(new Set(places.map(formatPlace)).size).toBe(120)
      const read = await readAll(under.log, [t])
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
      const publisher = under.log.publisher()
      await Promise.all(Array.from({ length: 50 }, (_, index) => publisher.publish([record(t, String(index))])))
      await publisher.close()
      expect((await readAll(under.log, [t])).map(({ value }) => Number(value))).toEqual(
        Array.from({ length: 50 }, (_, i) => i),
      )
    })

    it('stamps records with times that never go back', async () => {
      const t = await topic(1, { 'message.timestamp.type': 'LogAppendTime' })
      const beforeMs = Date.now() - 1_000
      for (const value of ['a', 'b', 'c']) await publish(record(t, value))
      const times = (await readAll(under.log, [t])).map(({ timestampMs }) => timestampMs)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(times[0]).toBeGreaterThan(beforeMs)
      expect(times[2]).toBeLessThan(Date.now() + 1_000)
    })

    it('takes an empty call for done and refuses any after close', async () => {
      const t = await topic()
      const publisher = under.log.publisher()
      expect(await publisher.publish([])).toEqual([])
      await publisher.close()
      await expect(publisher.publish([record(t, 'a')])).rejects.toMatchObject({ code: 'KC_INTERRUPTED' })
    })
  })
}
