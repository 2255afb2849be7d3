import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { deadLetterRecord } from './dead-letter.ts'
import { decode } from './decode.ts'
import type { RawRecord } from './record.ts'

const source: RawRecord = {
  topic: 'group.acme.requests',
  partition: 3,
  offset: 1042,
  timestampMs: 0,
  key: Buffer.from('order-1'),
  value: Buffer.from([0x7b, 0xff, 0x00]),
  headers: [['trace', Buffer.from('x')]],
}
const why = {
  code: 'KC_ENVELOPE_BAD_UTF8',
  reason: 'the value is not UTF-8',
  by: 'agent-b',
  atMs: 1_795_428_000_000,
} as const

describe('deadLetterRecord', () => {
  it('keeps the bytes, and says where they come from before the headers of the record', () => {
    const { key, value, headers } = deadLetterRecord(source, why)
    expect(key.toString()).toBe('group.acme.requests/3/1042')
    expect(value).toBe(source.value)
    expect(headers.map(([name, text]) => [name, text.toString()])).toEqual([
      ['kc_dlq_code', 'KC_ENVELOPE_BAD_UTF8'],
      ['kc_dlq_reason', 'the value is not UTF-8'],
      ['kc_dlq_topic', 'group.acme.requests'],
      ['kc_dlq_partition', '3'],
      ['kc_dlq_offset', '1042'],
      ['kc_dlq_by', 'agent-b'],
      ['kc_dlq_at', '2026-11-23T10:00:00.000Z'],
      ['kc_dlq_key', 'order-1'],
      ['trace', 'x'],
    ])
  })

  it('keeps the first 64 KiB of one above 256 KiB, with the hash of the whole', () => {
    const value = Buffer.alloc(256 * 1024 + 1, 'x')
    const letter = deadLetterRecord({ ...source, value }, why)
    const headers = new Map(letter.headers.map(([name, text]) => [name, text.toString()]))
    expect(letter.value).toHaveLength(64 * 1024)
    expect(headers.get('kc_dlq_truncated')).toBe('1')
    expect(headers.get('kc_dlq_sha256')).toBe(hash('sha256', value, 'hex'))
  })

  it('fits a record into a topic that consists of nothing but key and headers', () => {
    const headers = Array.from({ length: 40 }, (_, at): [string, Buffer] => [`h${at}`, Buffer.alloc(50_000, 'x')])
    const letter = deadLetterRecord({ ...source, value: null, key: Buffer.alloc(900_000, 'k'), headers }, why)
    const sizeBytes = letter.headers.reduce((sum, [name, value]) => sum + name.length + value.length, letter.key.length)
    expect(sizeBytes).toBeLessThan(128 * 1024)
  })

  it('is read as a dead letter and never becomes one itself', () => {
    const letter = deadLetterRecord(source, why)
    const place = { topic: 'group.acme.dlq', partition: 0, offset: 0, timestampMs: 0 }
    expect(decode({ ...place, ...letter })).toEqual({ kind: 'skipped', type: 'dead_letter', reason: 'unknown_type' })
  })

  it('gives each source place one key, whoever writes', () => {
    const mine = deadLetterRecord(source, why)
    const other = deadLetterRecord(source, { ...why, by: 'agent-c', atMs: 0 })
    expect(other.key).toEqual(mine.key)
  })
})
