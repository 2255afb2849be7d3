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

it('leaves of each key the last record, whatever bytes it has, all without a key, and the place where reading goes on', () => {
  const [a, b, odd] = [Buffer.from('a'), Buffer.from('b'), Buffer.from([0xff, 0xfe])]
  const records = [a, b, null, odd, a, null, odd].map((key, offset) => record(offset, key))
  const batch = { topic: 'group.g.announce', partition: 0, fromOffset: 0, nextOffset: 9, records }
  expect(newestRecords(batch)).toEqual({ ...batch, records: [1, 2, 4, 5, 6].map((offset) => records[offset]) })
})
