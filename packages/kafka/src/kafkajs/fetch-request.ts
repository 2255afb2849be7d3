import { createByteReader } from '../record-batch/byte-reader.ts'
import { createByteWriter } from '../record-batch/byte-writer.ts'
import { API_KEYS } from './api-keys.ts'
import type { BrokerLink } from './broker-link.ts'

export interface FetchPosition {
  topic: string
  partition: number
  position: number
}

export interface FetchedPartition {
  topic: string
  partition: number
  errorCode: number
  highWatermark: number
  /** -1 where the broker does not say. */
  logStartOffset: number
  /** Record batches as they lie in the log. */
  batches: Buffer
}

export interface Fetched {
  partitions: FetchedPartition[]
  /** How long the broker asks to be left alone (KIP-219); kafkajs's request queue obeys this field. */
  clientSideThrottleTime: number
}

export interface FetchLimits {
  maxWaitMs: number
  maxBytes: number
}

const LARGEST_PARTITION_BYTES = 1024 * 1024

/**
 * Fetch request, version 4 to 11. Own decoding, because kafkajs's throws the whole answer away when one partition has an
 * error, merges and reorders headers of one name, and takes a batch emptied by compaction for the end of the log.
 *
 * Isolation is read uncommitted: no transaction of a foreign producer, left open, may hold readers up, and all readers must
 * see the same records.
 */
export async function fetchRecords(
  link: BrokerLink,
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): Promise<Fetched> {
  const apiVersion = link.version(API_KEYS.fetch, { min: 4, max: 11 })
  const writer = createByteWriter(64 + positions.length * 64)
  writer.int32(-1)
  writer.int32(limits.maxWaitMs)
  writer.int32(1)
  writer.int32(limits.maxBytes)
  writer.int8(0)
  if (apiVersion >= 7) {
    // No fetch session (KIP-227): each request says all it wants.
    writer.int32(0)
    writer.int32(-1)
  }
  writePositions(writer, positions, { apiVersion, maxBytes: Math.min(limits.maxBytes, LARGEST_PARTITION_BYTES) })
  if (apiVersion >= 7) writer.int32(0)
  if (apiVersion >= 11) writer.int16(0)
  return link.send({
    apiKey: API_KEYS.fetch,
    apiVersion,
    apiName: 'Fetch',
    body: writer.bytes(),
    decode: (payload) => decodeFetch(payload, apiVersion),
    timeoutMs: limits.maxWaitMs + 5_000,
  })
}

function writePositions(
  writer: ReturnType<typeof createByteWriter>,
  positions: readonly FetchPosition[],
  { apiVersion, maxBytes }: { apiVersion: number; maxBytes: number },
): void {
  // Runs of one topic, in the order given: the broker fills its answer in this order.
  const topicsAt = writer.sizeBytes
  writer.int32(0)
  let topics = 0
  for (let index = 0; index < positions.length; ) {
    const topic = positions[index]?.topic ?? ''
    let endIndex = index
    while (positions[endIndex]?.topic === topic) endIndex++
    writer.string(topic)
    writer.int32(endIndex - index)
    topics++
    for (; index < endIndex; index++) {
      writer.int32(positions[index]?.partition ?? 0)
      if (apiVersion >= 9) writer.int32(-1)
      writer.int64(positions[index]?.position ?? 0)
      if (apiVersion >= 5) writer.int64(-1)
      writer.int32(maxBytes)
    }
  }
  writer.patchInt32(topicsAt, topics)
}

function decodeFetch(payload: Buffer, apiVersion: number): Fetched {
  const reader = createByteReader(payload)
  const throttleMs = reader.int32()
  const errorCode = apiVersion >= 7 ? reader.int16() : 0
  if (apiVersion >= 7) reader.int32()
  const partitions: FetchedPartition[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.string()
    for (let left = reader.int32(); left > 0; left--) {
      const partition = reader.int32()
      const code = reader.int16()
      const highWatermark = reader.int64()
      reader.int64()
      const logStartOffset = apiVersion >= 5 ? reader.int64() : -1
      // Aborted transactions: producer id and first offset each.
      for (let aborted = reader.int32(); aborted > 0; aborted--) reader.skip(16)
      if (apiVersion >= 11) reader.int32()
      partitions.push({
        topic,
        partition,
        errorCode: code || errorCode,
        highWatermark,
        logStartOffset,
        batches: reader.bytes(),
      })
    }
  }
  // Before version 8 the broker has waited already.
  return { partitions, clientSideThrottleTime: apiVersion >= 8 ? throttleMs : 0 }
}
