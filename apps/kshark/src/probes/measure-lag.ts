import type { Env } from '@kafclaw/env'
import { type CommittedOffset, type Log, type OffsetRange, readRanges } from '@kafclaw/kafka'

/** What a reader has not read of one topic. */
export interface TopicLag {
  topic: string
  /** Offsets between its committed ones and the ends. */
  lag: number
  /** Records that were deleted before it came to them. */
  lost: number
  /** How long the oldest one that it has not read has waited; null when there is none. */
  oldestMs: number | null
}

/** Measures how far committed offsets are behind the ends of their topics; reads the first unread record of each partition. */
export async function measureLag(log: Log, env: Env, committed: readonly CommittedOffset[]): Promise<TopicLag[]> {
  const topics = [...new Set(committed.map(({ topic }) => topic))]
  if (topics.length === 0) return []
  const ranges = new Map((await log.offsets(topics)).map((range) => [keyOf(range), range]))
  const unread = committed.flatMap((position): Array<OffsetRange & { lost: number }> => {
    const range = ranges.get(keyOf(position))
    if (!range || position.offset >= range.end) return []
    const start = Math.max(position.offset, range.start)
    return [{ ...range, start, lost: start - position.offset }]
  })
  const firsts = await readRanges(
    log,
    unread.filter(({ start, end }) => start < end).map((range) => ({ ...range, end: range.start + 1 })),
  )
  const nowMs = env.now()
  return topics.map((topic) => {
    const own = unread.filter((range) => range.topic === topic)
    const waits = firsts.filter((record) => record.topic === topic).map(({ timestampMs }) => nowMs - timestampMs)
    return {
      topic,
      lag: own.reduce((sum, { start, end }) => sum + end - start, 0),
      lost: own.reduce((sum, { lost }) => sum + lost, 0),
      oldestMs: waits.length > 0 ? Math.max(0, ...waits) : null,
    }
  })
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`
}
