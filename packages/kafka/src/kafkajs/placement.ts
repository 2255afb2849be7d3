import type { LogBatch, ReaderEvent } from '../log.ts'
import type { Cursor, ReadProgress } from '../read-progress.ts'
import { answerCode, answerError } from './answer-code.ts'
import type { Cluster } from './cluster.ts'
import { LIST_END, LIST_START, type ListedOffset, listOffsets } from './list-offsets.ts'
import type { TopicMetadata } from './metadata.ts'

/** Which broker leads which partition of a reader, and where each partition begins. */
export interface Placement {
  isLedBy(cursor: Cursor, nodeId: number): boolean
  /** The broker said that it does not lead the partition (any more). */
  lose(cursor: Cursor): void
  loseBroker(nodeId: number): void
  /** The log does not hold the position: compare them before it is fetched again. */
  realign(cursor: Cursor): void
  /** Asks the cluster about the topics; answers with the brokers to fetch from. */
  refresh(topics: ReadonlySet<string>): Promise<Set<number>>
  /** Each partition has a position and a leader, or the cluster says, twice, that there is no such topic. */
  isComplete(topic: string): boolean
  /** Something is missing that only asking again can bring. */
  isUnfinished(topics: ReadonlySet<string>): boolean
}

interface Target {
  topic: string
  partition: number
  leader: number
}

interface Begun {
  cursor: Cursor
  leader: number
  batch: LogBatch | null
}

export function createPlacement(deps: {
  cluster: Cluster
  progress: ReadProgress
  signal: AbortSignal
  emit(event: ReaderEvent): void
  deliver(batches: readonly LogBatch[]): Promise<void>
}): Placement {
  const { progress } = deps
  const leaders = new Map<Cursor, number>()
  const realigning = new Set<Cursor>()
  const missing = new Map<string, number>()
  const partitionCounts = new Map<string, number>()

  /** Notes the leaders of a topic's partitions; answers with those whose position must be found first. */
  function assign(topic: string, entry: TopicMetadata | undefined): Target[] {
    const errorCode = entry?.errorCode ?? 3
    const { kind } = answerCode(errorCode)
    if (kind === 'not_authorised' || kind === 'refused') throw answerError(errorCode, `topic ${topic}`)
    if (kind === 'missing') {
      const times = (missing.get(topic) ?? 0) + 1
      missing.set(topic, times)
      if (times === 1) deps.emit({ kind: 'unknown_topic', topic })
    }
    if (kind !== 'ok' || !entry) return []
    missing.delete(topic)
    partitionCounts.set(topic, entry.partitions.length)
    return entry.partitions.flatMap(({ partition, leader }) => {
      const cursor = progress.find(topic, partition)
      if (leader < 0) {
        if (cursor) leaders.delete(cursor)
        return []
      }
      if (cursor) leaders.set(cursor, leader)
      return cursor && !realigning.has(cursor) ? [] : [{ topic, partition, leader }]
    })
  }

  async function endsAt(nodeId: number, partitions: readonly Target[]): Promise<Begun[]> {
    const link = await deps.cluster.link(nodeId)
    // On one connection, so the start is answered first and the end is never before it.
    const [starts, ends] = await Promise.all([
      listOffsets(link, partitions, LIST_START),
      listOffsets(link, partitions, LIST_END),
    ])
    // The reader was closed meanwhile: nobody wants to hear of it.
    if (deps.signal.aborted) return []
    return starts.flatMap((start) => {
      const end = ends.find(({ topic, partition }) => topic === start.topic && partition === start.partition)
      return end && isListed(start) && isListed(end) ? begin(start, end.offset, nodeId) : []
    })
  }

  function begin({ topic, partition, offset: start }: ListedOffset, end: number, leader: number): Begun[] {
    const known = progress.find(topic, partition)
    const batch = known ? progress.realign(known, { start, end }) : progress.open(topic, partition, { start, end })
    const cursor = known ?? progress.find(topic, partition)
    return cursor ? [{ cursor, leader, batch }] : []
  }

  async function place(targets: readonly Target[]): Promise<void> {
    const asked = [...Map.groupBy(targets, ({ leader }) => leader)].map(([nodeId, group]) => endsAt(nodeId, group))
    const outcomes = await Promise.allSettled(asked)
    const begun = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
    const gaps = begun.flatMap(({ batch }) => (batch ? [batch] : []))
    if (gaps.length > 0) await deps.deliver(gaps)
    // Only now may they be fetched: the handler has taken the gap, and the position stands behind it.
    for (const { cursor, leader } of begun) {
      realigning.delete(cursor)
      leaders.set(cursor, leader)
    }
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  function isComplete(topic: string): boolean {
    // Twice, because a topic created a moment ago is not known to every broker yet.
    if ((missing.get(topic) ?? 0) >= 2) return true
    const count = partitionCounts.get(topic)
    if (count === undefined || missing.has(topic)) return false
    for (let partition = 0; partition < count; partition++) if (!progress.find(topic, partition)) return false
    return true
  }

  return {
    isLedBy: (cursor, nodeId) => leaders.get(cursor) === nodeId && !realigning.has(cursor),
    lose: (cursor) => void leaders.delete(cursor),
    loseBroker(nodeId) {
      for (const [cursor, leader] of leaders) if (leader === nodeId) leaders.delete(cursor)
    },
    realign: (cursor) => void realigning.add(cursor),
    async refresh(topics) {
      const metadata = await deps.cluster.metadata([...topics])
      if (deps.signal.aborted) return new Set()
      const entries = new Map(metadata.topics.map((entry) => [entry.topic, entry]))
      const targets = [...topics].flatMap((topic) => assign(topic, entries.get(topic)))
      if (targets.length > 0) await place(targets)
      return new Set(leaders.values())
    },
    isComplete,
    isUnfinished(topics) {
      if (missing.size > 0 || realigning.size > 0) return true
      for (const cursor of progress.cursors()) if (!cursor.stopped && !leaders.has(cursor)) return true
      return [...topics].some((topic) => !isComplete(topic))
    },
  }
}

function isListed({ topic, errorCode, offset }: ListedOffset): boolean {
  const { kind } = answerCode(errorCode)
  if (kind === 'not_authorised' || kind === 'refused') throw answerError(errorCode, `topic ${topic}`)
  return kind === 'ok' && offset >= 0
}
