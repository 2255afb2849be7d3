import { readFileSync } from 'node:fs'
import { createSystemEnv } from '@kafclaw/env'
import { createEnvelope } from '@kafclaw/envelope'
import { type Db, openDatabase } from '@kafclaw/storage'
import { expect, it } from 'vitest'
import { createOutbox } from './outbox.ts'
import { toOutgoing } from './sender.ts'
import { createTimeline } from './timeline.ts'

const response = createEnvelope(
  {
    type: 'response',
    group: 'acme',
    zone: 'public',
    sender_id: 'agent-a',
    correlation_id: 'task_1',
    payload: { content: 'ok' },
  },
  { id: '0198f3c2-1111-7000-8000-00000000000a', nowMs: Date.UTC(2026, 10, 23) },
)

const answer = toOutgoing(response, { partitions: 6 })
const letter = {
  ...answer,
  topic: 'group.acme.dlq',
  partition: 0,
  key: null,
  headers: [['kc_dlq_code', Buffer.from([0xff, 0x00, 0x0a])]] as const,
}

function open(db: Db) {
  return createOutbox(db, createTimeline(db, createSystemEnv()))
}

/** One transaction that adds so many answers. */
function addAnswers(outbox: ReturnType<typeof open>, count: number) {
  for (let n = 0; n < count; n++) outbox.add(answer, ++rowNumber, { isEnvelope: true })
  outbox.flush()
  return outbox.takeAdded()
}
let rowNumber = 0

function acknowledge(outbox: ReturnType<typeof open>, entries: ReturnType<typeof addAnswers>): void {
  outbox.acknowledge(entries.map((entry) => ({ entry, place: { topic: 't', partition: 0, offset: 1 } })))
  outbox.deleteAcknowledged()
  outbox.forgetDeleted()
}

it.each([1, 100])("gives an earlier process's records back byte for byte, headers too: %i of each", (count) => {
  using db = openDatabase(':memory:', 'state')
  const outbox = open(db)
  for (let n = 0; n < count; n++) {
    outbox.add(answer, 2 * n, { isEnvelope: true })
    outbox.add(letter, 2 * n + 1)
  }
  outbox.flush()
  const entries = open(db).load()
  expect(entries.map(({ record }) => record)).toEqual(Array.from({ length: count }, () => [answer, letter]).flat())
  expect(entries.map(({ timelineSeq }) => timelineSeq)).toEqual(Array.from({ length: 2 * count }, (_, n) => n))
})

it('stores the records of a transaction together, as many as are sent at once', () => {
  using db = openDatabase(':memory:', 'state')
  const outbox = open(db)
  const rows = (): unknown => db.prepare<[], { n: number }>('select count(*) as n from outbox').get()?.n
  addAnswers(outbox, 100)
  expect(rows()).toBe(1)
  addAnswers(outbox, 1500)
  expect(rows()).toBeGreaterThan(2)
  expect(outbox.load().length).toBe(1600)
})

it('keeps records until the last one of their transaction is acknowledged', () => {
  using db = openDatabase(':memory:', 'state')
  const outbox = open(db)
  const entries = addAnswers(outbox, 3)
  addAnswers(outbox, 1)
  acknowledge(outbox, entries.slice(0, 2))
  expect(open(db).load().length).toBe(4)
  acknowledge(outbox, entries.slice(2))
  expect(open(db).load().length).toBe(1)
  expect(outbox.hasAcknowledged()).toBe(false)
})

it('takes nothing for deleted whose transaction was not committed', () => {
  using db = openDatabase(':memory:', 'state')
  const outbox = open(db)
  const entries = addAnswers(outbox, 2)
  outbox.acknowledge(entries.map((entry) => ({ entry, place: { topic: 't', partition: 0, offset: 1 } })))
  expect(() =>
    db.transaction(() => {
      outbox.deleteAcknowledged()
      throw new Error('the disk is full')
    }),
  ).toThrow('the disk is full')
  outbox.rolledBack()
  expect(open(db).load().length).toBe(2)
  outbox.deleteAcknowledged()
  outbox.forgetDeleted()
  expect(open(db).load()).toEqual([])
})

it('sets a record aside that can never be sent, and the others of its transaction go on', () => {
  using db = openDatabase(':memory:', 'state')
  const outbox = open(db)
  const [first, second, ...others] = addAnswers(outbox, 4)
  if (!first || !second) throw new Error('four were added')
  outbox.acknowledge([{ entry: first, place: { topic: 't', partition: 0, offset: 1 } }])
  outbox.deleteAcknowledged()
  outbox.park(second, 'too large')
  outbox.forgetDeleted()
  expect(outbox.countParked()).toBe(1)
  expect(
    open(db)
      .load()
      .map(({ timelineSeq }) => timelineSeq),
  ).not.toContain(second.timelineSeq)
  acknowledge(outbox, others)
  expect(open(db).load()).toEqual([])
  expect(outbox.countParked()).toBe(1)
})

const migration = (name: string): string[] =>
  readFileSync(new URL(`../../storage/migrations/state/${name}.sql`, import.meta.url), 'utf8').split(
    '--> statement-breakpoint',
  )

it('sends what an older release has left, and keeps its timeline', () => {
  using db = openDatabase(':memory:', 'state')
  db.exec('drop table outbox; drop view timeline; drop table timeline_batch')
  const isOfThese = (statement: string): boolean => /CREATE TABLE `(outbox|timeline)`/.test(statement)
  for (const statement of migration('0000_init').filter(isOfThese)) db.exec(statement)
  db.exec(`insert into timeline (seq, at_ms, kind, type, record_id, topic, "partition", "offset", summary)
    values (7, 1, 'sent', 'response', 'a', null, null, null, 'one'), (10, 2, 'seen', 'request', 'b', 't', 3, 44, 'two')`)
  const insert = db.prepare(
    'insert into outbox (topic, "partition", key, value, headers, timeline_seq, parked) values (?, ?, ?, ?, ?, ?, ?)',
  )
  const headers = JSON.stringify(letter.headers.map(([name, value]) => [name, value.toString('latin1')]))
  insert.run(answer.topic, answer.partition, answer.key, answer.value, '', 7, null)
  insert.run(letter.topic, letter.partition, letter.key, letter.value, headers, 8, null)
  insert.run(answer.topic, answer.partition, answer.key, answer.value, '', 9, 'too large')
  for (const name of ['0001_outbox_rows', '0002_timeline_batches'])
    for (const statement of migration(name)) db.exec(statement)
  const outbox = open(db)
  expect(outbox.load()).toEqual([
    { seq: 1, timelineSeq: 7, record: answer, isEnvelope: true },
    { seq: 2, timelineSeq: 8, record: letter, isEnvelope: false },
  ])
  expect(outbox.countParked()).toBe(1)
  const rows = db.prepare(
    'select seq, at_ms, kind, record_id, topic, "partition", "offset", summary from timeline order by seq',
  )
  expect(rows.all()).toEqual([
    {
      ...{ seq: 7, at_ms: 1, kind: 'sent', record_id: 'a', summary: 'one' },
      ...{ topic: answer.topic, partition: answer.partition, offset: null },
    },
    { seq: 10, at_ms: 2, kind: 'seen', record_id: 'b', topic: 't', partition: 3, offset: 44, summary: 'two' },
  ])
  expect(createTimeline(db, createSystemEnv()).add({ kind: 'seen', type: 'request', summary: 'new' })).toBe(11)
})
