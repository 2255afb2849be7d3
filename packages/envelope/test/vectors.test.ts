import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { approvalIdFor, deriveRecordId, deriveTaskId, partitionFor, rankNumber, sha256 } from '../src/index.ts'
import { murmur2 } from '../src/partition.ts'
import { deriveTrace } from '../src/trace-context.ts'

interface Vectors {
  partition: Array<{ key: string; murmur2: number; partitions: number; partition: number }>
  record_id: Array<{ topic: string; partition: number; offset: number; timestamp_ms: number; id: string }>
  derived_task_id: Array<{ parts: string[]; id: string }>
  approval_id: Array<{ task_id: string; step: number; redo: number; tool: string; input_hash: string; id: string }>
  rank: Array<{ parts: string[]; number: string }>
  trace: Array<{ id: string; correlation_id: string | null; trace_id: string; span_id: string }>
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'))

/** org.apache.kafka.common.utils.UtilsTest.testMurmur2 */
const JAVA_MURMUR2: ReadonlyArray<readonly [string, number]> = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

describe('test vectors for participants in other languages', () => {
  it.each(JAVA_MURMUR2)('hashes %s as the Java client does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
  })

  it.each(vectors.partition)(
    'puts the key "$key" on partition $partition',
    ({ key, partitions, partition, ...vector }) => {
      expect(murmur2(Buffer.from(key))).toBe(vector.murmur2)
      expect(partitionFor(key, partitions)).toBe(partition)
      expect(partitionFor(Buffer.from(key), partitions)).toBe(partition)
    },
  )

  it.each(vectors.record_id)('derives $id from place and append time', ({ id, timestamp_ms, ...place }) => {
    expect(deriveRecordId({ ...place, timestampMs: timestamp_ms })).toBe(id)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it.each(vectors.derived_task_id)('derives the task id $id from its parts', ({ parts, id }) => {
    expect(deriveTaskId(parts)).toBe(id)
  })

  it.each(vectors.approval_id)(
    'binds the approval $id to what is shown',
    ({ task_id, step, redo, tool, ...vector }) => {
      const content = sha256(JSON.stringify([tool, vector.input_hash]))
      expect(approvalIdFor({ taskId: task_id, step, redo, content })).toBe(vector.id)
    },
  )

  it.each(vectors.rank)('ranks $parts at $number', ({ parts, number }) => {
    expect(rankNumber(parts)).toBe(BigInt(number))
  })

  it.each(vectors.trace)('derives trace and span of $id', ({ id, correlation_id, trace_id, span_id }) => {
    expect(deriveTrace(id, correlation_id)).toMatchObject({ trace_id, span_id })
  })
})
