import type { RawRecord } from '@kafclaw/envelope'
import { openDatabase } from '@kafclaw/storage'
import { expect, it } from 'vitest'
import { createPositions } from './positions.ts'

const TOPIC = 'group.acme.requests'

function batch(offset: number) {
  const record: RawRecord = {
    topic: TOPIC,
    partition: 0,
    offset,
    timestampMs: 1_800_000_000_000 + offset,
    key: null,
    value: null,
    headers: [],
  }
  return { topic: TOPIC, partition: 0, fromOffset: offset, nextOffset: offset + 1, records: [record] }
}

it('takes nothing for read of a transaction that was rolled back', () => {
  using db = openDatabase(':memory:', 'state')
  const positions = createPositions(db)
  db.transaction(() => positions.advance(batch(0)))
  positions.keep()
  expect(() =>
    db.transaction(() => {
      positions.advance(batch(1))
      throw new Error('the disk is full')
    }),
  ).toThrow('the disk is full')
  expect(positions.next(TOPIC, 0)).toBe(2)
  positions.drop()
  expect(positions.next(TOPIC, 0)).toBe(1)
  expect(createPositions(db).next(TOPIC, 0)).toBe(1)
})

it('begins one record early only where that record can tell whether the log is the same', () => {
  using db = openDatabase(':memory:', 'state')
  const positions = createPositions(db)
  expect(positions.readFrom(TOPIC, 0)).toBe(null)
  positions.advance(batch(6))
  expect(positions.readFrom(TOPIC, 0)).toBe(6)
  positions.set(TOPIC, 0, 7)
  expect(positions.readFrom(TOPIC, 0)).toBe(7)
})
