import { type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { BatchHandler } from '../batch-handler.ts'
import type { LogBatch, ReaderEvent } from '../log.ts'
import type { Cursor, ReadProgress } from '../read-progress.ts'
import { decodeRecordBatches } from '../record-batch/decode-record-batches.ts'
import { answerCode, answerError } from './answer-code.ts'
import type { BrokerLink } from './broker-link.ts'
import type { Cluster } from './cluster.ts'
import {
  type Fetched,
  type FetchedPartition,
  type FetchLimits,
  type FetchPosition,
  fetchRecords,
} from './fetch-request.ts'
import type { PartitionSteward } from './partition-steward.ts'
import type { Placement } from './placement.ts'

/** Fetches, over and over, from one broker what it leads. */
export interface FetchLoop {
  run(): Promise<void>
  /** Something may have come to fetch. */
  wake(): void
  /** It will not fetch again, woken or not. */
  readonly isOver: boolean
}

interface Deps {
  nodeId: number
  cluster: Cluster
  env: Env
  signal: AbortSignal
  limits: FetchLimits
  progress: ReadProgress
  handler: BatchHandler
  placement: Placement
  steward: PartitionSteward
  emit(event: ReaderEvent): void
}

/** A batch whose checksum is wrong is read again this often: the fault may have been on the way. */
const BAD_BATCH_ATTEMPTS = 3
const BAD_BATCH_DELAY_MS = 100

export function createFetchLoop(deps: Deps): FetchLoop {
  const { progress, placement, steward, nodeId } = deps
  const badAttempts = new Map<Cursor, number>()
  let wake: (() => void) | null = null
  let link: BrokerLink | null = null
  let turn = 0
  let isOver = false

  /** Begins with another partition each time: a broker fills its answer in the order asked, up to maxBytes. */
  function positions(): FetchPosition[] {
    const list: FetchPosition[] = []
    for (const cursor of progress.cursors()) {
      if (cursor.stopped || progress.isPaused(cursor.topic) || !placement.isLedBy(cursor, nodeId)) continue
      list.push({ topic: cursor.topic, partition: cursor.partition, position: cursor.position })
    }
    if (list.length < 2) return list
    const first = turn++ % list.length
    return first === 0 ? list : [...list.slice(first), ...list.slice(0, first)]
  }

  function leadsAnything(): boolean {
    for (const cursor of progress.cursors()) if (!cursor.stopped && placement.isLedBy(cursor, nodeId)) return true
    return false
  }

  function idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = () => {
      wake = null
      resolve()
    }
    return promise
  }

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

  async function connect(): Promise<BrokerLink> {
    const opened = await deps.cluster.ownLink(nodeId)
    deps.emit({ kind: 'connected', broker: opened.address })
    return opened
  }

  /** Answers null when the connection broke; what was led here is then somebody's to find again. */
  async function fetchOnce(asked: readonly FetchPosition[]): Promise<Fetched | null> {
    try {
      link ??= await connect()
      const answer = await fetchRecords(link, asked, deps.limits)
      steward.answered(nodeId)
      return answer
    } catch (thrown) {
      if (deps.signal.aborted) return null
      if (!(thrown instanceof AppError) || !isConnectionTrouble(thrown)) throw thrown
      deps.emit({ kind: 'disconnected', broker: link?.address ?? `broker ${nodeId}`, error: thrown })
      steward.lostBroker(nodeId)
      return null
    }
  }

  return {
    async run() {
      try {
        while (!deps.signal.aborted && leadsAnything()) {
          const asked = positions()
          if (asked.length === 0) {
            await idle()
            continue
          }
          const answer = await fetchOnce(asked)
          if (answer === null || deps.signal.aborted) return
          const batches = toBatches(answer, asked)
          const handling = batches.length > 0 ? deps.handler.handle(batches) : undefined
          if (handling) await handling
          if (badAttempts.size > 0) await sleep(deps.env, BAD_BATCH_DELAY_MS, deps.signal)
        }
      } finally {
        // In the same turn as the decision to end, so that nobody relies on a loop that is about to go.
        isOver = true
        link?.destroy()
      }
    },
    wake: () => wake?.(),
    get isOver() {
      return isOver
    },
  }
}

function isConnectionTrouble(error: AppError): boolean {
  return error.code === 'KC_KAFKA_UNREACHABLE' || error.code === 'KC_KAFKA_TIMEOUT'
}
