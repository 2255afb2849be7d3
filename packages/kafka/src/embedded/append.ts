import { AppError, type RecordPlace } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'
import type { OutgoingRecord } from '../log.ts'
import { LARGEST_BATCH_BYTES, loneBatchBytes } from '../record-batch/encode-record-batch.ts'
import { recordTooLarge } from '../record-limit.ts'
import { toHeadersText } from './headers-text.ts'
import { isCompacted, parseConfigs } from './topic-configs.ts'

interface HeadRow {
  next_offset: number
}

/** Appends records in one transaction; on disk, or not at all. Times never go back within a partition. */
export interface Appender {
  /** Refuses per partition, as a broker does: records for other partitions of the same call are written. */
  append(records: readonly OutgoingRecord[], nowMs: number): RecordPlace[]
}

interface PartitionEnd {
  nextOffset: number
  lastMs: number
  refusal: AppError | null
  touched: boolean
}

export function createAppender(db: Db): Appender {
  const insert = db.prepare<[string, number, number, number, Buffer | null, Buffer | null, string]>(
    'insert into record (topic, partition, offset, timestamp_ms, key, value, headers) values (?, ?, ?, ?, ?, ?, ?)',
  )
  const head = db.prepare<[string, number], HeadRow>('select next_offset from head where topic = ? and partition = ?')
  const moveHead = db.prepare<[number, string, number]>(
    'update head set next_offset = ? where topic = ? and partition = ?',
  )
  const lastTime = db.prepare<[string, number], { timestamp_ms: number }>(
    'select timestamp_ms from record where topic = ? and partition = ? order by offset desc limit 1',
  )
  const configs = db.prepare<[string], { configs: string }>('select configs from topic where name = ?')

  function endOf(topic: string, partition: number): PartitionEnd {
    const row = head.get(topic, partition)
    if (!row) return { nextOffset: 0, lastMs: 0, refusal: unknownPartition(topic, partition), touched: false }
    return {
      nextOffset: row.next_offset,
      lastMs: lastTime.get(topic, partition)?.timestamp_ms ?? 0,
      refusal: null,
      touched: false,
    }
  }

  /** A compacted topic without a key could never be compacted; brokers refuse such a record, and its batch with it. */
  function refuseMissingKeys(records: readonly OutgoingRecord[], ends: Map<string, PartitionEnd>): void {
    for (const { topic, partition, key } of records) {
      if (key !== null || !isCompacted(parseConfigs(configs.get(topic)?.configs))) continue
      const end = ends.get(`${topic}/${partition}`)
      if (!end) continue
      const text = `Topic ${topic} is compacted and takes no record without a key`
      end.refusal ??= new AppError('KC_KAFKA_REJECTED', text, { details: { topic, partition } })
    }
  }

  function write(
    records: readonly OutgoingRecord[],
    nowMs: number,
  ): { places: RecordPlace[]; ends: Map<string, PartitionEnd> } {
    const ends = new Map<string, PartitionEnd>()
    for (const { topic, partition } of records) {
      const key = `${topic}/${partition}`
      if (!ends.has(key)) ends.set(key, endOf(topic, partition))
    }
    refuseMissingKeys(records, ends)
    const places: RecordPlace[] = []
    for (const [index, { topic, partition, key, value, headers }] of records.entries()) {
      const end = ends.get(`${topic}/${partition}`)
      if (!end || end.refusal) continue
      end.lastMs = Math.max(end.lastMs, nowMs)
      const offset = end.nextOffset++
      end.touched = true
      insert.run(topic, partition, offset, end.lastMs, key, value, toHeadersText(headers))
      places[index] = { topic, partition, offset }
    }
    for (const [key, end] of ends) {
      const slash = key.lastIndexOf('/')
      if (end.touched) moveHead.run(end.nextOffset, key.slice(0, slash), Number(key.slice(slash + 1)))
    }
    return { places, ends }
  }

  return {
    append(records, nowMs) {
      const tooLarge = [...records.entries()].filter(([, record]) => loneBatchBytes(record) > LARGEST_BATCH_BYTES)
      if (tooLarge.length > 0)
        throw recordTooLarge(
          records,
          tooLarge.map(([index]) => index),
        )
      const { places, ends } = db.transaction(() => write(records, nowMs))
      const failed = [...records.keys()].filter((index) => places[index] === undefined)
      if (failed.length === 0) return places
      const refusal = [...ends.values()].find((end) => end.refusal !== null)?.refusal
      throw new AppError(refusal?.code ?? 'KC_BUG', refusal?.message ?? 'A record was left out', {
        cause: refusal,
        details: { ...refusal?.details, failed },
      })
    },
  }
}

function unknownPartition(topic: string, partition: number): AppError {
  const text = `There is no partition ${partition} of topic ${topic}; create the topic, or check its name`
  return new AppError('KC_KAFKA_UNKNOWN_TOPIC', text, { details: { topic, partition } })
}
