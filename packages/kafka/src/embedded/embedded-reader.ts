import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { createBatchHandler } from '../batch-handler.ts'
import type { LogBatch, Reader, ReadOptions } from '../log.ts'
import { type Cursor, createReadProgress, type ReadProgress } from '../read-progress.ts'
import type { ChangeWatch } from './change-watch.ts'
import type { RecordSource } from './record-source.ts'
import type { TopicTable } from './topic-table.ts'

const MAX_BYTES = 4 * 1024 * 1024
const BUSY_DELAY_MS = 100

interface Deps {
  env: Env
  table: TopicTable
  source: RecordSource
  watch: ChangeWatch
}

/** Reads the embedded log with the rules of the Kafka form; woken by commits, never by polling of its own. */
export function createEmbeddedReader(deps: Deps, options: ReadOptions): Reader {
  const progress = createReadProgress(options)
  const handler = createBatchHandler(options.onBatch, progress)
  const ended = Promise.withResolvers<void>()
  const topics = new Set<string>()
  const reported = new Set<string>()
  const waiting: Array<PromiseWithResolvers<void>> = []
  let pumping: Promise<void> | null = null
  let again = false
  let closed = false
  let turn = 0
  const unsubscribe = deps.watch.subscribe(wake)

  function wake(): void {
    again = true
    if (pumping || closed) return
    pumping = new Promise((resolve) => deps.env.nextTurn(() => void pump().finally(resolve)))
  }

  /** Opens the partitions of topics that exist by now; answers with the gaps that their positions leave. */
  function openTopics(): LogBatch[] {
    const gaps: LogBatch[] = []
    for (const topic of topics) {
      const ranges = deps.table.rangesOf(topic)
      for (const range of ranges) {
        if (progress.find(topic, range.partition)) continue
        const gap = progress.open(topic, range.partition, range)
        if (gap) gaps.push(gap)
      }
      if (ranges.length === 0 && !reported.has(topic)) {
        reported.add(topic)
        options.onEvent?.({ kind: 'unknown_topic', topic })
      }
      progress.known(topic)
    }
    return gaps
  }

  async function pump(): Promise<void> {
    try {
      while (again && !closed) {
        again = false
        const gaps = openTopics()
        if (gaps.length > 0) await handler.handle(gaps)
        for (const { resolve } of waiting.splice(0)) resolve()
        while (!closed && (await pumpOnce()));
      }
    } catch (thrown) {
      fail(thrown)
    } finally {
      pumping = null
      if (again && !closed) wake()
    }
  }

  /** Hands on one round over all partitions; answers whether there may be more. */
  async function pumpOnce(): Promise<boolean> {
    const batches = collect(deps.source, progress, { first: turn++, maxBytes: options.maxBytes ?? MAX_BYTES })
    if (batches.length === 0) return false
    const handling = handler.handle(batches)
    if (handling) await handling
    // Lets timers and sockets run between rounds: everything here happens without waiting for anything outside.
    await new Promise<void>((resolve) => deps.env.nextTurn(resolve))
    return true
  }

  function fail(thrown: unknown): void {
    if (closed) return
    if (thrown instanceof AppError && thrown.code === 'KC_STORAGE_BUSY') {
      options.onEvent?.({ kind: 'retrying', error: thrown, delayMs: BUSY_DELAY_MS })
      deps.env.setTimer(BUSY_DELAY_MS, wake)
      return
    }
    stop(thrown)
    ended.reject(thrown)
  }

  function stop(reason: unknown): void {
    closed = true
    unsubscribe()
    progress.fail(reason)
    for (const { reject } of waiting.splice(0)) reject(reason)
  }

  function add(added: readonly string[]): Promise<void> {
    for (const topic of added) {
      if (topics.has(topic)) continue
      topics.add(topic)
      progress.expect(topic)
    }
    progress.settle()
    const wait = Promise.withResolvers<void>()
    wait.promise.catch(() => undefined)
    waiting.push(wait)
    wake()
    return wait.promise
  }

  void add(options.topics)

  return {
    caughtUp: progress.caughtUp,
    ended: ended.promise,
    addTopics: add,
    pause: progress.pause,
    resume(resumed) {
      progress.resume(resumed)
      wake()
    },
    lag: progress.lag,
    async close() {
      if (!closed) {
        stop(new AppError('KC_INTERRUPTED', 'The reader was closed before it had caught up'))
        await handler.close()
        ended.resolve()
      }
      await handler.close()
      await pumping
    },
  }
}

function collect(
  source: RecordSource,
  progress: ReadProgress,
  limits: { first: number; maxBytes: number },
): LogBatch[] {
  const cursors = [...progress.cursors()].filter(({ topic, stopped }) => !stopped && !progress.isPaused(topic))
  const batches: LogBatch[] = []
  let leftBytes = limits.maxBytes
  for (let index = 0; index < cursors.length && leftBytes > 0; index++) {
    const cursor = cursors[(limits.first + index) % cursors.length]
    const batch = cursor ? readBatch(source, progress, { cursor, maxBytes: leftBytes }) : null
    if (!batch) continue
    batches.push(batch)
    for (const { key, value } of batch.records) leftBytes -= (key?.length ?? 0) + (value?.length ?? 0)
  }
  return batches
}

function readBatch(
  source: RecordSource,
  progress: ReadProgress,
  { cursor, maxBytes }: { cursor: Cursor; maxBytes: number },
): LogBatch | null {
  const { topic, partition, position } = cursor
  const run = source.read(topic, partition, position, maxBytes)
  // A topic that was deleted: nothing to read until it is there again.
  if (!run) return null
  if (position < run.start || position > run.end) return progress.realign(cursor, run)
  cursor.end = run.end
  if (run.nextOffset === position) return null
  return {
    topic,
    partition,
    fromOffset: position,
    nextOffset: run.nextOffset,
    logStartOffset: run.start,
    records: run.records,
  }
}
