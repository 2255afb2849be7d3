import { AppError } from '@kafclaw/envelope'
import { answerCode, answerError } from './answer-code.ts'
import type { Metadata } from './metadata.ts'

export interface PartitionLeader {
  topic: string
  partition: number
  leader: number
}

/** All partitions of the topics with their leaders; throws for a topic that does not exist, is denied, or has no leader now. */
export function leadersOf(metadata: Metadata, topics: readonly string[]): PartitionLeader[] {
  const known = new Map(metadata.topics.map((topic) => [topic.topic, topic]))
  return topics.flatMap((topic) => {
    const entry = known.get(topic)
    const errorCode = entry?.errorCode ?? 3
    if (!entry || errorCode !== 0) throw answerError(errorCode, `topic ${topic}`)
    return entry.partitions.map(({ partition, leader, errorCode: code }) => {
      if (leader >= 0) return { topic, partition, leader }
      const text = `Partition ${partition} of topic ${topic} has no leader now (Kafka says ${answerCode(code).name})`
      throw new AppError('KC_KAFKA_FAILED', text)
    })
  })
}
