import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createVirtualEnv } from '@kafclaw/env/testing'
import type { RawRecord } from '@kafclaw/envelope'
import type { LogBatch } from '@kafclaw/kafka'
import { createDisk, openDatabase } from '@kafclaw/storage'
import { tempDir, withQueryPlans } from '@kafclaw/testing'
import { expect, it } from 'vitest'
import { openAuditFile } from './audit-file.ts'
import { createAuditStore } from './audit-store.ts'
import type { AuditEvents } from './events.ts'

const TOPIC = 'group.acme.requests'

function quietEvents(): AuditEvents & { gaps: unknown[] } {
  const gaps: unknown[] = []
  return { gaps, gap: (gap) => gaps.push(gap), setAside: () => undefined }
}

function createTestStore() {
  const db = openDatabase(':memory:', 'audit')
  const events = quietEvents()
  const env = createVirtualEnv()
  return {
    events,
    store: createAuditStore({ db, env, events }),
    count: (table: string) => db.prepare<[], { n: number }>(`select count(*) n from ${table}`).get()?.n,
    gaps: () =>
      db.prepare<[], { from_offset: number; to_offset: number }>('select from_offset, to_offset from gap').all(),
  }
}

function recordAt(offset: number, content = 'hi', topic = TOPIC): RawRecord {
  const value = Buffer.from(JSON.stringify({ type: 'request', causation_id: 'c', payload: { content } }))
  return { topic, partition: 0, offset, timestampMs: 1_800_000_000_000 + offset, key: null, value, headers: [] }
}

function batch(from: number, to: number, more: Partial<LogBatch> = {}): LogBatch {
  const records = Array.from({ length: to - from }, (_, index) => recordAt(from + index, 'hi', more.topic))
  return { topic: TOPIC, partition: 0, fromOffset: from, nextOffset: to, records, ...more }
}

it('costs the same in a large file: the edges of a record are looked up by its id', () => {
  const { db, plans } = withQueryPlans(openDatabase(':memory:', 'audit'))
  createAuditStore({ db, env: createVirtualEnv(), events: quietEvents() })
  expect(plans).toContain('SEARCH x USING INDEX edge_from_id (from_id=?)')
  expect(plans.filter((step) => /edge_to|SCAN (?!e$|CONSTANT)/.test(step))).toEqual([])
})

it('keeps a record once, however often it is read', () => {
  const { store, count } = createTestStore()
  store.take([batch(0, 3)])
  store.take([batch(2, 4)])
  expect([count('record'), count('edge'), count('gap')]).toEqual([4, 4, 0])
  expect(store.position(TOPIC, 0)).toBe(3)
})

it('knows that the log is another one when a place holds another record', () => {
  const { store, count } = createTestStore()
  store.take([batch(0, 3)])
  const other = { ...batch(2, 3), records: [{ ...recordAt(2), timestampMs: 5 }] }
  expect(() => store.take([other])).toThrow(expect.objectContaining({ code: 'KC_LOG_FOREIGN' }))
  expect(count('record')).toBe(3)
})

it('notes offsets that were deleted before it came, or while it was away', () => {
  const { store, gaps, events } = createTestStore()
  store.take([batch(5, 7)])
  store.take([{ ...batch(6, 10), nextOffset: 10, records: [], gap: { from: 6, to: 10, reason: 'below_start' } }])
  store.take([batch(10, 11)])
  expect(gaps()).toEqual([
    { from_offset: 0, to_offset: 5 },
    { from_offset: 7, to_offset: 10 },
  ])
  expect(events.gaps).toHaveLength(2)
})

it('takes no hole of compaction for a gap, but a batch that nobody can read', () => {
  const { store, gaps } = createTestStore()
  const topic = 'group.acme.memory.shared'
  store.take([batch(3, 4, { topic })])
  store.take([batch(9, 10, { topic })])
  store.take([{ ...batch(10, 12, { topic, records: [] }), gap: { from: 10, to: 12, reason: 'corrupt' } }])
  expect(gaps()).toEqual([{ from_offset: 10, to_offset: 12 }])
})

it('sets the audit of another log aside instead of deleting it', async () => {
  await using folder = await tempDir()
  const env = createVirtualEnv({ startMs: 1000 })
  const path = join(folder.path, 'audit.db')
  const file = openAuditFile({ path, disk: createDisk(), env, events: quietEvents() })
  file.rows.take([batch(0, 3)])
  file.rows.beginAnew('a test')
  expect(file.rows.position(TOPIC, 0)).toBeNull()
  file.close()
  using old = openDatabase(join(folder.path, 'audit-until-1000.db'), 'audit', { readOnly: true })
  expect(old.prepare<[], { n: number }>('select count(*) n from record').get()?.n).toBe(3)
  expect(existsSync(path)).toBe(true)
})
