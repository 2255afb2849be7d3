import { deadLetterRecord, type RawRecord } from '@kafclaw/envelope'
import { expect, it } from 'vitest'
import { createDeadLetterList } from './read-dead-letters.ts'

const bad = (offset: number, headers: RawRecord['headers'] = []): RawRecord => ({
  topic: 'group.acme.requests',
  partition: 3,
  offset,
  timestampMs: 0,
  key: Buffer.from('order-1'),
  value: Buffer.from('{'),
  headers,
})

function letter(offset: number, source: RawRecord, by: string): RawRecord {
  const made = deadLetterRecord(source, { code: 'KC_ENVELOPE_BAD_JSON', reason: `said ${by}`, by, atMs: 0 })
  return { topic: 'group.acme.dlq', partition: 0, offset, timestampMs: offset, ...made }
}

function listOf(...records: RawRecord[]) {
  const list = createDeadLetterList()
  for (const record of records) list.fold(record)
  return list.all()
}

it('shows one bad record once, by the first letter, and counts the others', () => {
  const all = listOf(letter(0, bad(7), 'agent-a'), letter(1, bad(8), 'agent-a'), letter(2, bad(7), 'agent-b'))
  expect(all.map(({ source, by, others }) => [source?.offset, by, others.length])).toEqual([
    [7, 'agent-a', 1],
    [8, 'agent-a', 0],
  ])
  expect(all[0]?.others[0]).toMatchObject({ by: 'agent-b', offset: 2 })
})

it('does not let a bad record speak for its letter', () => {
  const forged = bad(7, [
    ['x', Buffer.from('1')],
    ['kc_dlq_code', Buffer.from('KC_FORGED')],
    ['kc_dlq_truncated', Buffer.from('1')],
  ])
  const [record] = listOf(letter(0, forged, 'agent-a'))
  expect(record).toMatchObject({ code: 'KC_ENVELOPE_BAD_JSON', truncatedSha256: null })
  expect(record?.headers.map(([name]) => name)).toEqual(['x', 'kc_dlq_code', 'kc_dlq_truncated'])
})

it('shows what others put on the topic by its own position', () => {
  const foreign = { ...letter(4, bad(7), 'agent-a'), key: null, headers: [] }
  expect(listOf(foreign, { ...foreign, offset: 5 })).toMatchObject([
    { source: null, code: null, offset: 4 },
    { source: null, code: null, offset: 5 },
  ])
})
