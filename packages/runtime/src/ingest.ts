import type { Env } from '@kafclaw/env'
import {
  AppError,
  type Decoded,
  decode,
  type ErrorCode,
  formatPlace,
  parseTopicName,
  type RawRecord,
} from '@kafclaw/envelope'
import type { LogBatch } from '@kafclaw/kafka'
import type { Logger } from '@kafclaw/telemetry'
import { describeGap } from './describe-gap.ts'
import { isReadFromStart } from './group-topics.ts'
import type { MemberEvents } from './member-events.ts'
import type { OwnRecords } from './own-records.ts'
import type { Positions } from './positions.ts'
import { retryStorage } from './retry-storage.ts'
import type { Timeline } from './timeline.ts'

/** Takes what the reader fetched into SQLite: one transaction per fetch, over all its topics. It never throws for a record. */
export type Ingest = (batches: readonly LogBatch[]) => Promise<void>

export interface IngestOptions {
  env: Env
  signal: AbortSignal
  logger: Logger
  events: MemberEvents
  positions: Positions
  timeline: Timeline
  own: OwnRecords
  /** Inside the transaction: takes one readable record. An error here is a bug of ours: the record goes to the dead letters. */
  handle(decoded: Decoded, record: RawRecord): void
  /** Inside the transaction: a record that nobody can use. */
  poison(record: RawRecord, why: { code: ErrorCode; reason: string; taskId: string | null }): void
  /** Inside the transaction: the dead letter of that source lies on the log. */
  deadLetterSeen(source: string): void
  transact(work: () => void): void
  /** The record before the position is another one than it was: the log is not the one we knew. */
  onForeignLog(topic: string, partition: number): void
  onStorageTrouble(error: AppError | null): void
}

const BUG_REASON = 'a handler failed on this record; see the log of the service'

export function createIngest(options: IngestOptions): Ingest {
  const { env, events, positions } = options

  function take(batch: LogBatch, isFaulty: (record: RawRecord) => boolean): void {
    if (batch.gap) noteGap(batch)
    const tracked = !isReadFromStart(batch.topic)
    const isDeadLetters = parseTopicName(batch.topic)?.kind === 'dlq'
    const next = tracked ? positions.next(batch.topic, batch.partition) : null
    for (const record of batch.records) {
      if (next !== null && record.offset < next) {
        compare(record, next)
        continue
      }
      if (isFaulty(record)) {
        options.poison(record, { code: 'KC_RUNTIME_BUG', reason: BUG_REASON, taskId: null })
        continue
      }
      if (isDeadLetters) {
        if (record.key) options.deadLetterSeen(record.key.toString())
        continue
      }
      const known = options.own.recognise(record)
      const decoded: Decoded = known === null ? decode(record) : { kind: 'envelope', envelope: known }
      if (decoded.kind === 'poison') options.poison(record, decoded)
      else if (decoded.kind === 'skipped') events.skipped(decoded.type)
      options.handle(decoded, record)
    }
    if (tracked && (next === null || batch.nextOffset > next)) positions.advance(batch)
  }

  /** Reading starts one record early: that record tells whether this is still the log that the position belongs to. */
  function compare(record: RawRecord, next: number): void {
    if (record.offset === next - 1 && !positions.isLastRecord(record))
      options.onForeignLog(record.topic, record.partition)
  }

  function noteGap(batch: LogBatch): void {
    const { gap, topic, partition } = batch
    if (!gap) return
    events.gap(topic, gap)
    options.timeline.add({
      kind: 'gap',
      type: 'gap',
      place: { topic, partition, offset: gap.from },
      summary: describeGap(gap),
    })
  }

  function transact(batches: readonly LogBatch[], faulty: ReadonlySet<string>): Promise<void> {
    return retryStorage({
      ...options,
      work() {
        const startMs = env.monotonicMs()
        options.transact(() => {
          for (const batch of batches) take(batch, (record) => faulty.size > 0 && faulty.has(formatPlace(record)))
        })
        events.committed(env.monotonicMs() - startMs)
      },
    })
  }

  /** A bug in a handler rolls the batch back: it is taken again record by record, and the one at fault is set aside. */
  async function takeSingly(batches: readonly LogBatch[]): Promise<void> {
    for (const batch of batches) {
      for (const [index, record] of batch.records.entries()) {
        const isLast = index === batch.records.length - 1
        const nextOffset = isLast ? batch.nextOffset : record.offset + 1
        const single: LogBatch = {
          topic: batch.topic,
          partition: batch.partition,
          fromOffset: record.offset,
          nextOffset,
          records: [record],
        }
        try {
          await transact([single], new Set())
        } catch (error) {
          if (AppError.fromUnknown(error, 'KC_RUNTIME_BUG').code !== 'KC_RUNTIME_BUG') throw error
          options.logger.error(
            { err: error, place: formatPlace(record) },
            'a handler failed on a record; it goes to the dead letters',
          )
          await transact([single], new Set([formatPlace(record)]))
        }
      }
    }
  }

  return async (batches) => {
    try {
      await transact(batches, new Set())
    } catch (error) {
      if (error instanceof AppError && error.code !== 'KC_RUNTIME_BUG') throw error
      await takeSingly(batches)
    }
  }
}
