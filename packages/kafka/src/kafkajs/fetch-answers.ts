import { AppError } from '@kafclaw/envelope'
import type { LogBatch, ReaderEvent } from '../log.ts'
import type { Cursor, ReadProgress } from '../read-progress.ts'
import { decodeRecordBatches } from '../record-batch/decode-record-batches.ts'
import { answerCode, answerError } from './answer-code.ts'
import type { Fetched, FetchedPartition, FetchPosition } from './fetch-request.ts'
import type { PartitionSteward } from './partition-steward.ts'

/** Turns fetch answers into batches, and what is wrong in them into work for the steward. */
export interface FetchAnswers {
  /** Throws what ends the reader, for example a topic that may not be read. */
  toBatches(answer: Fetched, asked: readonly FetchPosition[]): LogBatch[]
  /** A damaged batch is to be fetched again. */
  readonly isDamaged: boolean
}

/** A batch whose checksum is wrong is read again this often: the fault may have been on the way. */
const BAD_BATCH_ATTEMPTS = 3

export function createFetchAnswers(deps: {
  progress: ReadProgress
  steward: PartitionSteward
  emit(event: ReaderEvent): void
}): FetchAnswers {
  const { progress, steward } = deps
  const badAttempts = new Map<Cursor, number>()

  /** Turns one partition's answer into a batch, or tells the steward; answers null where there is nothing to hand on. */
  function take(answer: FetchedPartition, asked: FetchPosition | undefined): LogBatch | null {
    const cursor = progress.find(answer.topic, answer.partition)
    if (!cursor || cursor.position !== asked?.position || progress.isPaused(answer.topic)) return null
    const { kind } = answerCode(answer.errorCode)
    switch (kind) {
      case 'ok':
        steward.found(cursor)
        cursor.end = Math.max(answer.highWatermark, cursor.position)
        return answer.batches.length > 0 ? decode(cursor, answer) : null
      case 'out_of_range':
        steward.outOfRange(cursor)
        return null
      case 'stale':
      case 'missing':
      case 'retry':
        steward.lost(cursor)
        return null
      case 'not_authorised':
      case 'refused':
      case 'too_large':
      case 'exists':
      case 'lost_producer':
      case 'duplicate':
        throw answerError(answer.errorCode, `topic ${answer.topic}`)
    }
  }

  function decode(cursor: Cursor, answer: FetchedPartition): LogBatch | null {
    const { topic, partition, position: fromOffset } = cursor
    const { records, nextOffset, bad } = decodeRecordBatches(answer.batches, { topic, partition, fromOffset })
    const batch: LogBatch = { topic, partition, fromOffset, nextOffset, records }
    if (answer.logStartOffset >= 0) batch.logStartOffset = answer.logStartOffset
    if (!bad) {
      if (badAttempts.size > 0) badAttempts.delete(cursor)
      return nextOffset > fromOffset ? batch : null
    }
    const attempts = (badAttempts.get(cursor) ?? 0) + 1
    if (bad.retry && attempts <= BAD_BATCH_ATTEMPTS) {
      badAttempts.set(cursor, attempts)
      return nextOffset > fromOffset ? batch : null
    }
    // Passed over, never in silence: to stop here would let one such batch stop every agent of the group for good.
    badAttempts.delete(cursor)
    // What a broken header says of its end is not to be trusted beyond the end of the log.
    const to = Math.max(bad.from + 1, Math.min(bad.to, answer.highWatermark))
    const text = `Offsets ${bad.from} to ${to - 1} of topic ${topic}, partition ${partition}, cannot be read: ${bad.reason}; they are passed over`
    const error = new AppError('KC_KAFKA_UNREADABLE', text, { details: { topic, partition, ...bad } })
    deps.emit({ kind: 'corrupt_batch', topic, partition, from: bad.from, to, error })
    return { ...batch, nextOffset: to, gap: { from: bad.from, to, reason: 'corrupt' } }
  }

  function toBatches(answer: Fetched, asked: readonly FetchPosition[]): LogBatch[] {
    const batches: LogBatch[] = []
    for (const partitionAnswer of answer.partitions) {
      if (partitionAnswer.errorCode === 0 && partitionAnswer.batches.length === 0 && !steward.isTroubled) continue
      const { topic, partition } = partitionAnswer
      const position = asked.find((entry) => entry.topic === topic && entry.partition === partition)
      const batch = take(partitionAnswer, position)
      if (batch) batches.push(batch)
    }
    return batches
  }

  return {
    toBatches,
    get isDamaged() {
      return badAttempts.size > 0
    },
  }
}
