import type { Env } from '@kafclaw/env'
import type { RecordPlace } from '@kafclaw/envelope'
import type { GroupOffsets } from '../embedded/group-offsets.ts'
import type { RecordSource } from '../embedded/record-source.ts'
import type { TopicTable } from '../embedded/topic-table.ts'
import type { NewTopic, OutgoingRecord } from '../log.ts'

/** Topics that have grown, each with the leaders of the partitions that did. */
export type GrownTopics = ReadonlyArray<{ topic: string; leader: number }>

/** What the logs of the processes share. */
export interface BrokerParts {
  readonly clusterId: string
  /** Of the broker: while it stands still, nothing is taken and nothing answered. */
  readonly env: Env
  readonly table: TopicTable
  readonly source: RecordSource
  readonly groups: GroupOffsets
  /** A reader gets what lies at one leader at once, and in no order with what lies at others. */
  leaderOf(topic: string, partition: number): number
  append(records: readonly OutgoingRecord[]): RecordPlace[]
  createTopics(topics: readonly NewTopic[]): string[]
  deleteTopics(names: readonly string[]): void
  /** Hears of the topics that have grown; null: topics or their beginnings have changed. */
  subscribe(onChange: (grown: GrownTopics | null) => void): () => void
}
