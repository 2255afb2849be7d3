import type { NewTopic } from '../log.ts'
import { createByteReader } from '../record-batch/byte-reader.ts'
import { createByteWriter } from '../record-batch/byte-writer.ts'
import { API_KEYS } from './api-keys.ts'
import type { BrokerLink } from './broker-link.ts'

export interface TopicAnswer {
  topic: string
  errorCode: number
  message: string
}

/** CreateTopics request, version 4 (KIP-464: the broker's default replication), to the controller. */
export async function createTopicsAt(
  link: BrokerLink,
  topics: readonly NewTopic[],
  timeoutMs: number,
): Promise<TopicAnswer[]> {
  const apiVersion = link.version(API_KEYS.createTopics, { min: 4, max: 4 })
  const writer = createByteWriter(1024)
  writer.int32(topics.length)
  for (const { name, partitions, configs } of topics) {
    writer.string(name)
    writer.int32(partitions)
    writer.int16(-1)
    writer.int32(0)
    const entries = Object.entries(configs)
    writer.int32(entries.length)
    for (const [key, value] of entries) {
      writer.string(key)
      writer.string(value)
    }
  }
  writer.int32(timeoutMs)
  writer.int8(0)
  return link.send({
    apiKey: API_KEYS.createTopics,
    apiVersion,
    apiName: 'CreateTopics',
    body: writer.bytes(),
    decode(payload) {
      const reader = createByteReader(payload)
      reader.int32()
      return reader.array(() => ({ topic: reader.string(), errorCode: reader.int16(), message: reader.string() }))
    },
  })
}

/** DeleteTopics request, version 1 to 3, to the controller. */
export async function deleteTopicsAt(
  link: BrokerLink,
  names: readonly string[],
  timeoutMs: number,
): Promise<TopicAnswer[]> {
  const apiVersion = link.version(API_KEYS.deleteTopics, { min: 1, max: 3 })
  const writer = createByteWriter()
  writer.int32(names.length)
  for (const name of names) writer.string(name)
  writer.int32(timeoutMs)
  return link.send({
    apiKey: API_KEYS.deleteTopics,
    apiVersion,
    apiName: 'DeleteTopics',
    body: writer.bytes(),
    decode(payload) {
      const reader = createByteReader(payload)
      reader.int32()
      return reader.array(() => ({ topic: reader.string(), errorCode: reader.int16(), message: '' }))
    },
  })
}

export interface TopicConfigs extends TopicAnswer {
  configs: Record<string, string>
}

const TOPIC_RESOURCE = 2

/** DescribeConfigs request, version 1 or 2: all values in force. */
export async function describeConfigs(link: BrokerLink, topics: readonly string[]): Promise<TopicConfigs[]> {
  const apiVersion = link.version(API_KEYS.describeConfigs, { min: 1, max: 2 })
  const writer = createByteWriter()
  writer.int32(topics.length)
  for (const topic of topics) {
    writer.int8(TOPIC_RESOURCE)
    writer.string(topic)
    writer.int32(-1)
  }
  writer.int8(0)
  return link.send({
    apiKey: API_KEYS.describeConfigs,
    apiVersion,
    apiName: 'DescribeConfigs',
    body: writer.bytes(),
    decode(payload) {
      const reader = createByteReader(payload)
      reader.int32()
      return reader.array(() => {
        const answer = { errorCode: reader.int16(), message: reader.string() }
        reader.int8()
        const topic = reader.string()
        const entries = reader.array((): [string, string] => {
          const entry: [string, string] = [reader.string(), reader.string()]
          // Read-only, source, sensitive, then synonyms that were not asked for.
          reader.skip(3)
          reader.array(() => [reader.string(), reader.string(), reader.int8()])
          return entry
        })
        return { ...answer, topic, configs: Object.fromEntries(entries) }
      })
    },
  })
}
