import type { Env } from '@kafclaw/env'
import type { RecordPlace } from '@kafclaw/envelope'
import type { GroupOffsets } from '../embedded/group-offsets.ts'
import type { RecordSource } from '../embedded/record-source.ts'
import type { TopicTable } from '../embedded/topic-table.ts'
import type { NewTopic, OutgoingRecord } from '../log.ts'

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
  subscribe(onChange: (leader: number | null) => void): () => void
}
