import type { OffsetRange } from '../log.ts'
import { answerError } from './answer-code.ts'
import type { Cluster } from './cluster.ts'
import { LIST_END, LIST_START, listOffsets } from './list-offsets.ts'
import { leadersOf, type PartitionLeader } from './topic-leaders.ts'

interface FoundOffset {
  topic: string
  partition: number
  offset: number
}

/** Where logs begin and end, and where a time lies in them, asked of the leaders; one attempt. */
export interface TopicOffsets {
  ranges(topics: readonly string[]): Promise<OffsetRange[]>
  /** The end offset where no record is that young. */
  at(topics: readonly string[], timestampMs: number): Promise<FoundOffset[]>
}

export function createTopicOffsets(cluster: Cluster): TopicOffsets {
  async function leaders(topics: readonly string[]): Promise<PartitionLeader[]> {
    return topics.length === 0 ? [] : leadersOf(await cluster.metadata(topics), topics)
  }

  async function list(partitions: readonly PartitionLeader[], timestampMs: number): Promise<FoundOffset[]> {
    const answers = [...Map.groupBy(partitions, ({ leader }) => leader)].map(async ([nodeId, group]) =>
      listOffsets(await cluster.link(nodeId), group, timestampMs),
    )
    const offsets = new Map<string, number>()
    for (const { topic, partition, errorCode, offset } of (await Promise.all(answers)).flat()) {
      if (errorCode !== 0) throw answerError(errorCode, `topic ${topic}`)
      offsets.set(`${topic}/${partition}`, offset)
    }
    return partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: offsets.get(`${topic}/${partition}`) ?? -1,
    }))
  }

  async function ranges(topics: readonly string[]): Promise<OffsetRange[]> {
    const partitions = await leaders(topics)
    // On one connection, so the start is answered first and the end is never before it.
    const [starts, ends] = await Promise.all([list(partitions, LIST_START), list(partitions, LIST_END)])
    return starts.map(({ topic, partition, offset }, index) => ({
      topic,
      partition,
      start: offset,
      end: ends[index]?.offset ?? offset,
    }))
  }

  async function offsetsAt(topics: readonly string[], timestampMs: number): Promise<FoundOffset[]> {
    const partitions = await leaders(topics)
    const [found, ends] = await Promise.all([list(partitions, timestampMs), list(partitions, LIST_END)])
    return found.map((entry, index) => (entry.offset >= 0 ? entry : { ...entry, offset: ends[index]?.offset ?? 0 }))
  }

  return { ranges, at: offsetsAt }
}
