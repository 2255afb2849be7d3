import type { RawRecord } from '@kafclaw/envelope'
import { expect, it } from 'vitest'
import { newestRecords } from './newest-records.ts'

function record(offset: number, key: Buffer | null): RawRecord {
  return {
    topic: 'group.g.announce',
    partition: 0,
    offset,
    key,
    value: Buffer.from('{}'),
    headers: [],
    timestampMs: offset,
  }
}

function batchOf(topic: string) {
  const [a, b, odd] = [Buffer.from('a'), Buffer.from('b'), Buffer.from([0xff, 0xfe])]
  const records = [a, b, null, odd, a, null, odd].map((key, offset) => record(offset, key))
  return { topic, partition: 0, fromOffset: 0, nextOffset: 9, records }
}

it('leaves of each key the last record, whatever bytes it has, all without a key, and the place where reading goes on', () => {
  const batch = batchOf('group.g.announce')
  const left = [1, 2, 4, 5, 6].map((offset) => batch.records[offset])
  expect(newestRecords([batch])).toEqual([{ ...batch, records: left }])
})

it('leaves topics as they are that are not compacted', () => {
  const batch = batchOf('group.g.requests')
  expect(newestRecords([batch])).toEqual([batch])
})
