import { createByteReader } from '../record-batch/byte-reader.ts'
import { createByteWriter } from '../record-batch/byte-writer.ts'
import { API_KEYS } from './api-keys.ts'
import type { BrokerLink } from './broker-link.ts'

/** Timestamps that ask for the ends of the log instead of a time. */
export const LIST_END = -1
export const LIST_START = -2

export interface ListedOffset {
  topic: string
  partition: number
  errorCode: number
  /** -1 where no record is that young. */
  offset: number
}

/** ListOffsets request, version 1 or 2, to the leader of all partitions named. */
export async function listOffsets(
  link: BrokerLink,
  partitions: ReadonlyArray<{ topic: string; partition: number }>,
  timestampMs: number,
): Promise<ListedOffset[]> {
  const apiVersion = link.version(API_KEYS.listOffsets, { min: 1, max: 2 })
  const writer = createByteWriter()
  writer.int32(-1)
  if (apiVersion >= 2) writer.int8(0)
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
  writer.int32(byTopic.size)
  for (const [topic, entries] of byTopic) {
    writer.string(topic)
    writer.int32(entries.length)
    for (const { partition } of entries) {
      writer.int32(partition)
      writer.int64(timestampMs)
    }
  }
  return link.send({
    apiKey: API_KEYS.listOffsets,
    apiVersion,
    apiName: 'ListOffsets',
    body: writer.bytes(),
    decode(payload) {
      const reader = createByteReader(payload)
      if (apiVersion >= 2) reader.int32()
      const topics = reader.array(() => {
        const topic = reader.string()
        return reader.array(() => {
          const entry = { topic, partition: reader.int32(), errorCode: reader.int16() }
          reader.int64()
          return { ...entry, offset: reader.int64() }
        })
      })
      return topics.flat()
    },
  })
}
