import type { TracedRecord } from '@kafclaw/runtime'
import { expect, it } from 'vitest'
import { answerTrace, type TraceFindings } from './trace-answer.ts'

function recordAt(offset: number, more: Partial<TracedRecord> = {}): TracedRecord {
  return {
    ...{ topic: 'group.acme.traces', partition: 0, offset, timestamp_ms: offset, id: `id-${offset}`, type: 'trace' },
    ...{ sender_id: 'agent-a', recipient_id: null, correlation_id: 'task_a', parent_task_id: null },
    ...{ causation_id: offset === 0 ? null : `id-${offset - 1}`, summary: 'x'.repeat(120), citations: [], about: null },
    ...(offset === 0 ? { type: 'request' } : {}),
    ...more,
  }
}

function ask(records: TracedRecord[], more: Partial<TraceFindings> = {}) {
  return answerTrace({ records, isCut: false, isUpToDate: true, from: 0, gapsAround: () => [], ...more }).output
}

it('gives a large decision in pages that each fit into a response and together are the whole', () => {
  const records = Array.from({ length: 1000 }, (_, offset) => recordAt(offset))
  const taken: TracedRecord[] = []
  for (let from: number | null = 0; from !== null; ) {
    const output = ask(records, { from })
    expect(output).toMatchObject({ complete: false, total: 1000 })
    expect(Buffer.byteLength(JSON.stringify(output))).toBeLessThan(200 * 1024)
    taken.push(...output.records)
    from = output.next
  }
  expect(taken).toEqual(records)
})

it('is complete only where nothing speaks against it', () => {
  const records = [recordAt(0), recordAt(1)]
  const gap = { topic: 't', partition: 0, from_offset: 0, to_offset: 1, at_ms: 0 }
  expect(ask(records)).toMatchObject({ complete: true, missing: [], next: null })
  expect(ask(records, { isUpToDate: false })).toMatchObject({
    complete: false,
    missing: [expect.stringContaining('had not read')],
  })
  expect(ask(records, { isCut: true }).complete).toBe(false)
  expect(ask(records, { gapsAround: () => [gap] })).toMatchObject({ complete: false, gaps: [gap] })
  expect(ask([recordAt(1, { causation_id: 'gone', correlation_id: null })]).complete).toBe(false)
})
