import { createByteReader } from '../record-batch/byte-reader.ts'
import { createByteWriter } from '../record-batch/byte-writer.ts'
import { API_KEYS } from './api-keys.ts'
import type { BrokerLink } from './broker-link.ts'

export interface ProducePartition {
  topic: string
  partition: number
  /** One record batch of format 2. */
  batch: Buffer
}

export interface ProducedPartition {
  topic: string
  partition: number
  errorCode: number
  /** Offset of the batch's first record; -1 with an error. */
  baseOffset: number
  /** First offset that the log holds; -1 where the broker does not say. */
  logStartOffset: number
}

/** Produce request, version 3 to 7, to the leader of all partitions named; acknowledged by all in-sync replicas. */
export async function produceBatches(
  link: BrokerLink,
  partitions: readonly ProducePartition[],
  timeoutMs: number,
): Promise<ProducedPartition[]> {
  const apiVersion = link.version(API_KEYS.produce, { min: 3, max: 7 })
  const writer = createByteWriter(256 + partitions.reduce((total, { batch }) => total + batch.length + 64, 0))
  // No transactional id.
  writer.int16(-1)
  writer.int16(-1)
  writer.int32(timeoutMs)
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
  writer.int32(byTopic.size)
  for (const [topic, entries] of byTopic) {
    writer.string(topic)
    writer.int32(entries.length)
    for (const { partition, batch } of entries) {
      writer.int32(partition)
      writer.int32(batch.length)
      writer.raw(batch)
    }
  }
  return link.send({
    apiKey: API_KEYS.produce,
    apiVersion,
    apiName: 'Produce',
    body: writer.bytes(),
    decode: (payload) => decodeProduce(payload, apiVersion),
  })
}

function decodeProduce(payload: Buffer, apiVersion: number): Decoded {
  const reader = createByteReader(payload)
  const partitions: ProducedPartition[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.string()
    for (let left = reader.int32(); left > 0; left--) {
      const entry = { topic, partition: reader.int32(), errorCode: reader.int16(), baseOffset: reader.int64() }
      reader.int64()
      partitions.push({ ...entry, logStartOffset: apiVersion >= 5 ? reader.int64() : -1 })
    }
  }
  // From version 6 on the client waits, not the broker (KIP-219); kafkajs's request queue obeys this field.
  return Object.assign(partitions, { clientSideThrottleTime: apiVersion >= 6 ? reader.int32() : 0 })
}

type Decoded = ProducedPartition[] & { clientSideThrottleTime: number }
