import type { CommittedOffset } from '../log.ts'
import { createByteReader } from '../record-batch/byte-reader.ts'
import { createByteWriter } from '../record-batch/byte-writer.ts'
import { answerError } from './answer-code.ts'
import { API_KEYS } from './api-keys.ts'
import type { BrokerLink } from './broker-link.ts'

const GROUP_KEY = 0
/** A commit from outside any generation of the group, as of tools that assign partitions themselves. */
const NO_GENERATION = -1

/** FindCoordinator request, version 0 to 2, to any broker: the node that keeps the offsets of the group. */
export async function findCoordinator(link: BrokerLink, groupId: string): Promise<number> {
  const apiVersion = link.version(API_KEYS.findCoordinator, { min: 0, max: 2 })
  const writer = createByteWriter()
  writer.string(groupId)
  if (apiVersion >= 1) writer.int8(GROUP_KEY)
  const { nodeId } = await link.send({
    apiKey: API_KEYS.findCoordinator,
    apiVersion,
    apiName: 'FindCoordinator',
    body: writer.bytes(),
    decode(payload) {
      const reader = createByteReader(payload)
      if (apiVersion >= 1) reader.int32()
      const errorCode = reader.int16()
      const message = apiVersion >= 1 ? reader.string() : ''
      // 15, COORDINATOR_NOT_AVAILABLE: the first group of a cluster waits until its topic of offsets has been made.
      if (errorCode !== 0) throw answerError(errorCode, `the coordinator of consumer group ${groupId}`, message)
      return { nodeId: reader.int32() }
    },
  })
  return nodeId
}

/** OffsetCommit request, version 2 to 5, to the coordinator: a simple commit, for a group without members. */
export async function commitOffsets(
  link: BrokerLink,
  groupId: string,
  offsets: readonly CommittedOffset[],
): Promise<void> {
  const apiVersion = link.version(API_KEYS.offsetCommit, { min: 2, max: 5 })
  const writer = createByteWriter(1024)
  writer.string(groupId)
  writer.int32(NO_GENERATION)
  writer.string('')
  // The broker's own retention; from version 5 on nobody can ask for another.
  if (apiVersion <= 4) writer.int64(-1)
  const topics = Map.groupBy(offsets, ({ topic }) => topic)
  writer.int32(topics.size)
  for (const [topic, partitions] of topics) {
    writer.string(topic)
    writer.int32(partitions.length)
    for (const { partition, offset } of partitions) {
      writer.int32(partition)
      writer.int64(offset)
      writer.string('')
    }
  }
  await link.send({
    apiKey: API_KEYS.offsetCommit,
    apiVersion,
    apiName: 'OffsetCommit',
    body: writer.bytes(),
    decode(payload) {
      const reader = createByteReader(payload)
      if (apiVersion >= 3) reader.int32()
      return reader.array(() => {
        const topic = reader.string()
        return reader.array(() => {
          reader.int32()
          const errorCode = reader.int16()
          if (errorCode !== 0) throw answerError(errorCode, `consumer group ${groupId} on topic ${topic}`)
          return errorCode
        })
      })
    },
  })
}

/** OffsetFetch request, version 2 to 4, to the coordinator: all offsets that the group has committed. */
export async function fetchCommitted(link: BrokerLink, groupId: string): Promise<CommittedOffset[]> {
  const apiVersion = link.version(API_KEYS.offsetFetch, { min: 2, max: 4 })
  const writer = createByteWriter()
  writer.string(groupId)
  // No list of topics asks for all.
  writer.int32(-1)
  return link.send({
    apiKey: API_KEYS.offsetFetch,
    apiVersion,
    apiName: 'OffsetFetch',
    body: writer.bytes(),
    decode(payload) {
      const reader = createByteReader(payload)
      if (apiVersion >= 3) reader.int32()
      const topics = reader.array(() => {
        const topic = reader.string()
        return reader.array(() => {
          const entry = { topic, partition: reader.int32(), offset: reader.int64() }
          reader.string()
          return { ...entry, errorCode: reader.int16() }
        })
      })
      const errorCode = reader.int16()
      if (errorCode !== 0) throw answerError(errorCode, `the offsets of consumer group ${groupId}`)
      return topics
        .flat()
        .filter((entry) => entry.errorCode === 0 && entry.offset >= 0)
        .map(({ topic, partition, offset }) => ({ topic, partition, offset }))
    },
  })
}
