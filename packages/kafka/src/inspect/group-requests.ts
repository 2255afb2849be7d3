import { answerError } from '../kafkajs/answer-code.ts'
import { API_KEYS } from '../kafkajs/api-keys.ts'
import type { BrokerLink } from '../kafkajs/broker-link.ts'
import { type ByteReader, createByteReader } from '../record-batch/byte-reader.ts'
import { createByteWriter } from '../record-batch/byte-writer.ts'

export interface ListedGroup {
  groupId: string
  /** `consumer`, `connect`, `share`, ...; empty for one that only has committed offsets. */
  protocol: string
}

/** ListGroups request, version 0 to 2: the groups that this broker coordinates, of those that we may see. */
export async function listGroups(link: BrokerLink): Promise<ListedGroup[]> {
  const apiVersion = link.version(API_KEYS.listGroups, { min: 0, max: 2 })
  return link.send({
    apiKey: API_KEYS.listGroups,
    apiVersion,
    apiName: 'ListGroups',
    body: Buffer.alloc(0),
    decode(payload) {
      const reader = createByteReader(payload)
      if (apiVersion >= 1) reader.int32()
      const errorCode = reader.int16()
      if (errorCode !== 0) throw answerError(errorCode, 'the list of consumer groups (DESCRIBE on the cluster)')
      return reader.array(() => ({ groupId: reader.string(), protocol: reader.string() }))
    },
  })
}

export interface DescribedGroup {
  groupId: string
  errorCode: number
  /** `Stable`, `Empty`, `Dead`, ... as Kafka says it. */
  state: string
  members: Array<{ clientId: string; topics: string[] }>
}

/** DescribeGroups request, version 0 to 2, to the coordinator of the groups. */
export async function describeGroups(link: BrokerLink, groupIds: readonly string[]): Promise<DescribedGroup[]> {
  const apiVersion = link.version(API_KEYS.describeGroups, { min: 0, max: 2 })
  const writer = createByteWriter()
  writer.int32(groupIds.length)
  for (const groupId of groupIds) writer.string(groupId)
  return link.send({
    apiKey: API_KEYS.describeGroups,
    apiVersion,
    apiName: 'DescribeGroups',
    body: writer.bytes(),
    decode(payload) {
      const reader = createByteReader(payload)
      if (apiVersion >= 1) reader.int32()
      return reader.array(() => readGroup(reader))
    },
  })
}

function readGroup(reader: ByteReader): DescribedGroup {
  const errorCode = reader.int16()
  const groupId = reader.string()
  const state = reader.string()
  const protocol = reader.string()
  reader.string()
  const members = reader.array(() => {
    reader.string()
    const clientId = reader.string()
    reader.string()
    // What it subscribes to, in the format of its protocol.
    reader.bytes()
    const assignment = reader.bytes()
    return { clientId, topics: protocol === 'consumer' ? assignedTopics(assignment) : [] }
  })
  return { groupId, errorCode, state, members }
}

/** ConsumerProtocolAssignment: version, then topics with their partitions. It is written by clients, so anything may stand there. */
function assignedTopics(assignment: Buffer): string[] {
  try {
    const reader = createByteReader(assignment)
    reader.int16()
    return reader.array(() => {
      const topic = reader.string()
      reader.array(() => reader.int32())
      return topic
    })
  } catch {
    return []
  }
}
