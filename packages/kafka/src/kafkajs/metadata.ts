import { createByteReader } from '../record-batch/byte-reader.ts'
import { createByteWriter } from '../record-batch/byte-writer.ts'
import { API_KEYS } from './api-keys.ts'
import type { BrokerLink } from './broker-link.ts'

export interface TopicMetadata {
  topic: string
  errorCode: number
  partitions: Array<{ partition: number; errorCode: number; leader: number; replicas: number; inSync: number }>
}

export interface Metadata {
  clusterId: string
  controllerId: number
  brokers: Array<{ nodeId: number; host: string; port: number }>
  topics: TopicMetadata[]
}

/** Metadata request, version 4 to 6: brokers and the topics named; never creates a topic. */
export async function fetchMetadata(link: BrokerLink, topics: readonly string[] | 'all'): Promise<Metadata> {
  const apiVersion = link.version(API_KEYS.metadata, { min: 4, max: 6 })
  const writer = createByteWriter()
  // -1 asks for all topics, 0 for none.
  writer.int32(topics === 'all' ? -1 : topics.length)
  if (topics !== 'all') for (const topic of topics) writer.string(topic)
  writer.int8(0)
  return link.send({
    apiKey: API_KEYS.metadata,
    apiVersion,
    apiName: 'Metadata',
    body: writer.bytes(),
    decode: (payload) => decodeMetadata(payload, apiVersion),
  })
}

function decodeMetadata(payload: Buffer, apiVersion: number): Metadata {
  const reader = createByteReader(payload)
  reader.int32()
  const brokers = reader.array(() => {
    const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() }
    reader.string()
    return broker
  })
  const clusterId = reader.string()
  const controllerId = reader.int32()
  const topics = reader.array(() => {
    const errorCode = reader.int16()
    const topic = reader.string()
    reader.int8()
    const partitions = reader.array(() => {
      const entry = { errorCode: reader.int16(), partition: reader.int32(), leader: reader.int32() }
      const replicas = reader.array(() => reader.int32()).length
      const inSync = reader.array(() => reader.int32()).length
      if (apiVersion >= 5) reader.array(() => reader.int32())
      return { ...entry, replicas, inSync }
    })
    return { topic, errorCode, partitions: partitions.sort((a, b) => a.partition - b.partition) }
  })
  return { clusterId, controllerId, brokers, topics }
}
