import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { Logger } from '@kafclaw/telemetry'
import { createBatchHandler } from '../batch-handler.ts'
import type { LogBatch, Reader, ReaderEvent, ReadOptions } from '../log.ts'
import { createReadProgress } from '../read-progress.ts'
import type { Cluster } from './cluster.ts'
import { createFetchLoop, type FetchLoop } from './fetch-loop.ts'
import { createPartitionSteward } from './partition-steward.ts'
import { createPlacement } from './placement.ts'

const MAX_WAIT_MS = 200
const MAX_BYTES = 4 * 1024 * 1024

/**
 * Reads partitions without a consumer group: a steward knows who leads what and where to begin, and one loop per leader
 * fetches, over connections that nobody else uses; what else it asks goes over those of its log. Ready in some 40 ms, with nothing to rebalance.
 */
export function createKafkaReader(deps: { cluster: Cluster; env: Env; logger: Logger }, options: ReadOptions): Reader {
  const closing = new AbortController()
  const ended = Promise.withResolvers<void>()
  const loops = new Map<number, FetchLoop>()
  const running = new Set<Promise<void>>()
  const progress = createReadProgress({ position: options.position, onEvent: emit })
  const handler = createBatchHandler(options.onBatch, progress)
  const placement = createPlacement({ cluster: deps.cluster, progress, signal: closing.signal, emit, deliver })
  const steward = createPartitionSteward({ placement, progress, env: deps.env, signal: closing.signal, emit, lead })

  function emit(event: ReaderEvent): void {
    deps.logger.debug(event, 'reader event')
    options.onEvent?.(event)
  }

  async function deliver(batches: readonly LogBatch[]): Promise<void> {
    await handler.handle(batches)
  }

  /** Sees to it that a loop fetches from this broker. */
  function lead(nodeId: number): void {
    const known = loops.get(nodeId)
    if (known && !known.isOver) {
      known.wake()
      return
    }
    const loop = createFetchLoop({
      nodeId,
      cluster: deps.cluster,
      env: deps.env,
      signal: closing.signal,
      limits: { maxWaitMs: options.maxWaitMs ?? MAX_WAIT_MS, maxBytes: options.maxBytes ?? MAX_BYTES },
      progress,
      handler,
      placement,
      steward,
      emit,
    })
    loops.set(nodeId, loop)
    run(
      loop.run().finally(() => {
        if (loops.get(nodeId) === loop) loops.delete(nodeId)
      }),
    )
  }

  function run(work: Promise<void>): void {
    const guarded = work.catch(die).finally(() => running.delete(guarded))
    running.add(guarded)
  }

  function die(error: unknown): void {
    if (closing.signal.aborted) return
    stop()
    deps.logger.debug({ err: error }, 'reader ended')
    progress.fail(error)
    ended.reject(error)
  }

  function stop(): void {
    closing.abort()
    for (const loop of loops.values()) loop.wake()
  }

  run(steward.run())
  const starting = steward.add(options.topics)
  starting.catch(() => undefined)

  return {
    caughtUp: progress.caughtUp,
    ended: ended.promise,
    addTopics: (topics) => steward.add(topics),
    pause: progress.pause,
    resume(topics) {
      progress.resume(topics)
      for (const loop of loops.values()) loop.wake()
    },
    lag: progress.lag,
    async close() {
      if (!closing.signal.aborted) {
        stop()
        progress.fail(new AppError('KC_INTERRUPTED', 'The reader was closed before it had caught up'))
        // What a call under way does wrong after this no longer matters to anybody.
        await handler.close()
        ended.resolve()
      }
      await handler.close()
      await Promise.all(running)
    },
  }
}
