import type { Env } from '@kafclaw/env'
import type { RawRecord, RecordPlace } from '@kafclaw/envelope'
import { openDatabase } from '@kafclaw/storage'
import { createAppender } from '../embedded/append.ts'
import { createGroupOffsets } from '../embedded/group-offsets.ts'
import { deleteBefore, keepHouse } from '../embedded/housekeeping.ts'
import { createRecordSource, type RecordSource } from '../embedded/record-source.ts'
import { createTopicTable } from '../embedded/topic-table.ts'
import type { Log, OffsetRange, OutgoingRecord } from '../log.ts'
import type { BrokerParts, GrownTopics } from './broker-parts.ts'
import { createRecordCache } from './record-cache.ts'
import type { SimulatedLink } from './simulated-link.ts'
import { createSimulatedLog } from './simulated-log.ts'

/**
 * The embedded log in memory behind a network: several processes of a simulation have each a way of their own to it, on
 * which calls take time, are lost, arrive twice or after their sender has given them up. Everything waits on Env timers
 * only, so a run can be repeated to the byte.
 */
export interface SimulatedBroker extends Disposable {
  /** The log as the process behind the link has it. */
  connect(link: SimulatedLink): Log
  /** Retention and compaction, now. */
  keepHouse(): void
  /** Takes away what lies before the place, as retention does. */
  deleteBefore(place: RecordPlace): void
  /** For judges: what lies on the log, and the offset that the next record will get. */
  ranges(): readonly OffsetRange[]
  records(range: OffsetRange): RawRecord[]
}

export function createSimulatedBroker(options: {
  env: Env
  /** Partitions are dealt out to so many. */
  leaders: number
  /** Hears of each record as it is written. */
  onAppend?(record: OutgoingRecord & RecordPlace): void
}): SimulatedBroker {
  const { env, onAppend } = options
  const db = openDatabase(':memory:', 'log')
  const sql = createTopicTable(db)
  const stored = createRecordSource(db)
  const { source, appended, forget } = createRecordCache(stored, () => ranges)
  const appender = createAppender(db)
  const subscribers = new Set<(grown: GrownTopics | null) => void>()
  let ranges: OffsetRange[] = []

  function changed(grown: GrownTopics | null): void {
    if (grown === null) ranges = sql.everyRange()
    for (const subscriber of subscribers) subscriber(grown)
  }

  function leaderOf(topic: string, partition: number): number {
    let sum = partition
    for (let at = 0; at < topic.length; at++) sum += topic.charCodeAt(at)
    return sum % options.leaders
  }

  /** The ends are asked for by each reader at each wake: they are kept here, because nobody else writes this log. */
  function noteAppended(places: readonly RecordPlace[]): void {
    for (const { topic, partition, offset } of places) {
      const range = ranges.find((other) => other.topic === topic && other.partition === partition)
      if (range) range.end = Math.max(range.end, offset + 1)
    }
    changed(places.map(({ topic, partition }) => ({ topic, leader: leaderOf(topic, partition) })))
  }

  const parts: BrokerParts = {
    clusterId: `simulated-${env.newId()}`,
    env,
    table: { ...sql, everyRange: () => ranges },
    source,
    groups: createGroupOffsets(db),
    leaderOf,
    append(records) {
      try {
        const nowMs = env.now()
        const places = appender.append(records, nowMs)
        for (const [index, record] of records.entries()) {
          const place = places[index]
          if (!place) continue
          appended({ ...record, ...place }, nowMs)
          onAppend?.({ ...record, ...place })
        }
        noteAppended(places)
        return places
      } catch (error) {
        // Of a batch that was refused in part the rest was written.
        changed(null)
        throw error
      }
    },
    createTopics(topics) {
      const created = sql.create(topics, env.now())
      changed(null)
      return created
    },
    deleteTopics(names) {
      sql.remove(names)
      forget()
      changed(null)
    },
    subscribe(onChange) {
      subscribers.add(onChange)
      return () => void subscribers.delete(onChange)
    },
  }

  return {
    connect: (link) => createSimulatedLog(parts, link),
    keepHouse() {
      keepHouse(db, sql, env.now())
      forget()
      changed(null)
    },
    deleteBefore({ topic, partition, offset }) {
      for (const range of ranges.filter((other) => other.topic === topic && other.partition === partition))
        deleteBefore(db, range, offset)
      forget()
      changed(null)
    },
    ranges: () => ranges,
    records: ({ topic, partition, start, end }) => readRange(stored, { topic, partition, start, end }),
    [Symbol.dispose]: () => db.close(),
  }
}

function readRange(source: RecordSource, { topic, partition, start, end }: OffsetRange): RawRecord[] {
  const records: RawRecord[] = []
  for (let position = start; position < end; ) {
    const run = source.read({ topic, partition, position, maxBytes: Number.POSITIVE_INFINITY })
    if (!run || run.nextOffset === position) break
    records.push(...run.records)
    position = run.nextOffset
  }
  return records
}
