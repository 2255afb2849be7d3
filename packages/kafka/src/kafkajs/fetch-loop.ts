import { type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { BatchHandler } from '../batch-handler.ts'
import type { ReaderEvent } from '../log.ts'
import type { ReadProgress } from '../read-progress.ts'
import type { BrokerLink } from './broker-link.ts'
import type { Cluster } from './cluster.ts'
import { createFetchAnswers } from './fetch-answers.ts'
import { type Fetched, type FetchLimits, type FetchPosition, fetchRecords } from './fetch-request.ts'
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

/** Before a damaged batch is read again. */
const BAD_BATCH_DELAY_MS = 100

export function createFetchLoop(deps: Deps): FetchLoop {
  const { progress, placement, steward, nodeId } = deps
  const answers = createFetchAnswers(deps)
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

  async function connect(): Promise<BrokerLink> {
    const opened = await deps.cluster.ownLink(nodeId, deps.signal)
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
          const batches = answers.toBatches(answer, asked)
          const handling = batches.length > 0 ? deps.handler.handle(batches) : undefined
          if (handling) await handling
          if (answers.isDamaged) await sleep(deps.env, BAD_BATCH_DELAY_MS, deps.signal)
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
