import { AppError } from '@kafclaw/envelope'
import { answerError } from './answer-code.ts'
import type { Cluster } from './cluster.ts'
import type { TopicMetadata } from './metadata.ts'

interface Target {
  topic: string
  partition: number
}

interface FoundLeaders<T> {
  byLeader: Map<number, T[]>
  missing: Array<{ parcel: T; error: AppError }>
}

/** Remembers who leads which partition, for the topics that were asked for and only those. */
export interface LeaderCache {
  /** Answers with the leaders of the topics that exist. */
  learn(topics: readonly string[]): Promise<number[]>
  find<T extends Target>(targets: readonly T[]): Promise<FoundLeaders<T>>
  forget(topic: string): void
  forgetAll(): void
}

export function createLeaderCache(cluster: Cluster): LeaderCache {
  const known = new Map<string, TopicMetadata>()

  function leaderOf({ topic, partition }: Target): number | AppError {
    const entry = known.get(topic)
    if (!entry) return answerError(3, `topic ${topic}`)
    if (entry.errorCode !== 0) return answerError(entry.errorCode, `topic ${topic}`)
    const found = entry.partitions.find((other) => other.partition === partition)
    // kafkajs drops a record for a partition that its metadata does not have, and says it was sent.
    if (!found) return answerError(3, `partition ${partition} of topic ${topic}`)
    if (found.leader >= 0) return found.leader
    return answerError(5, `partition ${partition} of topic ${topic}`)
  }

  async function lookUp(topics: readonly string[]): Promise<readonly TopicMetadata[]> {
    const { topics: answers } = await cluster.metadata(topics)
    for (const answer of answers) known.set(answer.topic, answer)
    return answers
  }

  return {
    async learn(topics) {
      const answers = await lookUp(topics)
      // One that is made later must not be looked for here then.
      for (const { topic, errorCode } of answers) if (errorCode !== 0) known.delete(topic)
      const partitions = answers.flatMap((answer) => answer.partitions)
      return [...new Set(partitions.map(({ leader }) => leader).filter((leader) => leader >= 0))]
    },
    async find(targets) {
      const topics = [...new Set(targets.map(({ topic }) => topic))]
      const unknown = topics.filter((topic) => !known.has(topic))
      if (unknown.length > 0) await lookUp(unknown)
      const found: FoundLeaders<(typeof targets)[number]> = { byLeader: new Map(), missing: [] }
      for (const target of targets) {
        const leader = leaderOf(target)
        if (leader instanceof AppError) {
          found.missing.push({ parcel: target, error: leader })
          known.delete(target.topic)
          continue
        }
        const group = found.byLeader.get(leader)
        if (group) group.push(target)
        else found.byLeader.set(leader, [target])
      }
      return found
    },
    forget: (topic) => void known.delete(topic),
    forgetAll: () => known.clear(),
  }
}
