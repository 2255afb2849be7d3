import { createSystemEnv } from '@kafclaw/env'
import { type Db, openDatabase } from '@kafclaw/storage'
import { withQueryPlans } from '@kafclaw/testing'
import { expect, it } from 'vitest'
import { createTimeline } from './timeline.ts'

const row = (summary: string) => ({
  kind: 'sent' as const,
  type: 'response',
  place: { topic: 't', partition: 2 },
  summary,
})

function read(db: Db) {
  return db.prepare('select seq, "offset", summary from timeline order by seq').all()
}

it('has a row for each thing, with the place that is known later', () => {
  using db = openDatabase(':memory:', 'state')
  const timeline = createTimeline(db, createSystemEnv())
  expect([
    timeline.add(row('a')),
    timeline.add({ ...row('b'), place: { topic: 't', partition: 2, offset: 9 } }),
  ]).toEqual([1, 2])
  timeline.flush()
  timeline.keep()
  timeline.placed(1, 8)
  timeline.flush()
  timeline.keep()
  expect(timeline.add(row('c'))).toBe(4)
  timeline.flush()
  timeline.keep()
  expect(read(db)).toEqual([
    { seq: 1, offset: 8, summary: 'a' },
    { seq: 2, offset: 9, summary: 'b' },
    { seq: 4, offset: null, summary: 'c' },
  ])
  expect(createTimeline(db, createSystemEnv()).add(row('d'))).toBe(5)
})

it('forgets what a transaction had added that was not committed, and gives its numbers again', () => {
  using db = openDatabase(':memory:', 'state')
  const timeline = createTimeline(db, createSystemEnv())
  expect(() =>
    db.transaction(() => {
      timeline.add(row('lost'))
      timeline.flush()
      throw new Error('the disk is full')
    }),
  ).toThrow('the disk is full')
  timeline.drop()
  expect(timeline.add(row('kept'))).toBe(1)
  timeline.flush()
  timeline.keep()
  expect(read(db)).toEqual([{ seq: 1, offset: null, summary: 'kept' }])
})

it('finds the place of each row without reading all places for it', () => {
  const { db, plans } = withQueryPlans(openDatabase(':memory:', 'state'))
  db.prepare('select * from timeline')
  expect(plans.join('\n')).toMatch(/SEARCH place USING AUTOMATIC COVERING INDEX \(seq=\?\)/)
})
