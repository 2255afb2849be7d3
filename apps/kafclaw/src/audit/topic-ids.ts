import { decode } from '@kafclaw/envelope'
import type { Host } from '@kafclaw/runtime'
import { readToEnd } from '../group/read-to-end.ts'

interface SentRecordId {
  id: string
  partition: number
  offset: number
  timestampMs: number
}

/** What lies on one topic, by position. */
export interface TopicIds {
  readonly topic: string
  /** The record there; its id is null where nobody can read one. Undefined: there is none. */
  at(partition: number, offset: number): { id: string | null } | undefined
  /** The offsets that the log held when it was read. */
  range(partition: number): { start: number; end: number }
  /** Records of that sender, in log order. */
  sentBy(sender: string): readonly SentRecordId[]
}

/** Reads a topic from its start to its end of now, and keeps ids and positions only. */
export async function readTopicIds(host: Host, topic: string): Promise<TopicIds> {
  const ranges = new Map((await host.log.offsets([topic])).map((range) => [range.partition, range]))
  const byPlace = new Map<string, { id: string | null }>()
  const bySender = new Map<string, SentRecordId[]>()
  const ends = new Map<number, number>()
  await readToEnd(host.log, [topic], {
    onRecord(record) {
      const { partition, offset, timestampMs } = record
      ends.set(partition, offset + 1)
      const decoded = decode(record)
      const envelope = decoded.kind === 'envelope' ? decoded.envelope : null
      byPlace.set(`${partition}/${offset}`, { id: envelope?.id ?? null })
      if (envelope === null) return
      const sent = bySender.get(envelope.sender_id) ?? []
      bySender.set(envelope.sender_id, sent)
      sent.push({ id: envelope.id, partition, offset, timestampMs })
    },
  })
  return {
    topic,
    at: (partition, offset) => byPlace.get(`${partition}/${offset}`),
    range: (partition) => ({
      start: ranges.get(partition)?.start ?? 0,
      end: Math.max(ranges.get(partition)?.end ?? 0, ends.get(partition) ?? 0),
    }),
    sentBy: (sender) => bySender.get(sender) ?? [],
  }
}
