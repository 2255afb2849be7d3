import { AppError } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'
import type { NewTopic, OffsetRange, TopicDescription } from '../log.ts'
import { parseConfigs } from './topic-configs.ts'

/** Topics and the ends of their partitions. */
export interface TopicTable {
  list(): string[]
  describe(names: readonly string[]): TopicDescription[]
  create(topics: readonly NewTopic[], nowMs: number): string[]
  remove(names: readonly string[]): void
  /** Throws KC_KAFKA_UNKNOWN_TOPIC. */
  ranges(names: readonly string[]): OffsetRange[]
  /** Of all topics there are. */
  everyRange(): OffsetRange[]
  /** Of one topic; none where it does not exist. */
  rangesOf(name: string): OffsetRange[]
  /** First offset whose record was appended at or after that time, else the end. */
  offsetAt(range: OffsetRange, timestampMs: number): number
}

interface TopicRow {
  name: string
  partitions: number
  configs: string
}

/** As Apache Kafka has it. */
const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/

export function createTopicTable(db: Db): TopicTable {
  const names = db.prepare<[], { name: string }>('select name from topic order by name')
  const one = db.prepare<[string], TopicRow>('select name, partitions, configs from topic where name = ?')
  const add = db.prepare<[string, number, string, number]>(
    'insert into topic (name, partitions, configs, created_ms) values (?, ?, ?, ?) on conflict do nothing',
  )
  const addHead = db.prepare<[string, number]>(
    'insert into head (topic, partition) values (?, ?) on conflict do nothing',
  )
  const heads = db.prepare<[string], OffsetRange>(
    'select topic, partition, start_offset as "start", next_offset as "end" from head where topic = ? order by partition',
  )
  const everyHead = db.prepare<[], OffsetRange>(
    'select topic, partition, start_offset as "start", next_offset as "end" from head',
  )
  const timeAt = db.prepare<[string, number, number], { offset: number; timestamp_ms: number }>(
    'select offset, timestamp_ms from record where topic = ? and partition = ? and offset >= ? order by offset limit 1',
  )
  const removals = ['topic where name', 'head where topic', 'record where topic', 'group_offset where topic'].map(
    (what) => db.prepare<[string]>(`delete from ${what} = ?`),
  )

  function createOne({ name, partitions, configs }: NewTopic, nowMs: number): boolean {
    if (!TOPIC_NAME.test(name) || partitions < 1) {
      const text = `"${name}" with ${partitions} partitions cannot be a topic; use letters, digits, ".", "_" and "-", and at least one partition`
      throw new AppError('KC_KAFKA_REJECTED', text, { details: { name, partitions } })
    }
    if (add.run(name, partitions, JSON.stringify(configs), nowMs).changes === 0) return false
    for (let partition = 0; partition < partitions; partition++) addHead.run(name, partition)
    return true
  }

  return {
    list: () => names.all().map(({ name }) => name),
    describe: (asked) =>
      asked.flatMap((name) => {
        const row = one.get(name)
        if (!row) return []
        return [{ name, partitions: row.partitions, replicationFactor: 1, configs: parseConfigs(row.configs) }]
      }),
    create: (topics, nowMs) =>
      db.transaction(() => topics.filter((topic) => createOne(topic, nowMs)).map(({ name }) => name)),
    remove: (gone) =>
      db.transaction(() => {
        for (const name of gone) for (const removal of removals) removal.run(name)
      }),
    ranges: (asked) =>
      asked.flatMap((name) => {
        const ranges = heads.all(name)
        if (ranges.length > 0) return ranges
        throw new AppError('KC_KAFKA_UNKNOWN_TOPIC', `There is no topic ${name}; create it, or check its name`)
      }),
    everyRange: () => everyHead.all(),
    rangesOf: (name) => heads.all(name),
    offsetAt({ topic, partition, start, end }, timestampMs) {
      // Times grow with offsets, so halving finds the place without an index over them.
      let low = start
      let high = end
      while (low < high) {
        const middle = Math.floor((low + high) / 2)
        const row = timeAt.get(topic, partition, middle)
        if (row && row.timestamp_ms < timestampMs) low = row.offset + 1
        else high = middle
      }
      return timeAt.get(topic, partition, low)?.offset ?? end
    },
  }
}
