import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { createBatchHandler } from '../batch-handler.ts'
import type { LogBatch, OffsetRange, Reader, ReadOptions } from '../log.ts'
import { createReadProgress, type ReadProgress } from '../read-progress.ts'
import type { ChangeWatch } from './change-watch.ts'
import { collectBatches } from './collect-batches.ts'
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
  const opener = createTopicOpener(progress, options.onEvent)
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

  async function pump(): Promise<void> {
    try {
      while (again && !closed) {
        again = false
        const ranges = deps.table.everyRange()
        const gaps = opener.open(topics, ranges)
        if (gaps.length > 0) await handOn(gaps)
        for (const { resolve } of waiting.splice(0)) resolve()
        await drain(new Map(ranges.map((range) => [`${range.topic}/${range.partition}`, range])))
      }
    } catch (thrown) {
      retryOrDie(thrown)
    } finally {
      pumping = null
      if (again && !closed) wake()
    }
  }

  /** Hands on, round by round, what lies before the ends given; later records come with a wake of their own. */
  async function drain(ranges: ReadonlyMap<string, OffsetRange>): Promise<void> {
    while (!closed) {
      const limits = { turn: turn++, maxBytes: options.maxBytes ?? MAX_BYTES }
      const batches = collectBatches({ source: deps.source, progress }, ranges, limits)
      if (batches.length === 0) return
      await handOn(batches)
      // Lets timers and sockets run between rounds: everything here happens without waiting for anything outside.
      await new Promise<void>((resolve) => deps.env.nextTurn(resolve))
    }
  }

  /** What the handler throws ends the reader, whatever it is; only the log's own trouble may be tried again. */
  async function handOn(batches: readonly LogBatch[]): Promise<void> {
    try {
      await handler.handle(batches)
    } catch (thrown) {
      die(thrown)
    }
  }

  function die(thrown: unknown): void {
    if (closed) return
    stop(thrown)
    ended.reject(thrown)
  }

  function retryOrDie(thrown: unknown): void {
    if (!(thrown instanceof AppError) || thrown.code !== 'KC_STORAGE_BUSY') {
      die(thrown)
      return
    }
    options.onEvent?.({ kind: 'retrying', error: thrown, delayMs: BUSY_DELAY_MS })
    deps.env.setTimer(BUSY_DELAY_MS, wake)
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

/** Opens the partitions of topics that exist by now; answers with the gaps that their positions leave. */
function createTopicOpener(progress: ReadProgress, onEvent: ReadOptions['onEvent']) {
  const reported = new Set<string>()
  return {
    open(topics: ReadonlySet<string>, ranges: readonly OffsetRange[]): LogBatch[] {
      const existing = new Set(ranges.map(({ topic }) => topic))
      for (const topic of topics) {
        if (existing.has(topic) || reported.has(topic)) continue
        reported.add(topic)
        onEvent?.({ kind: 'unknown_topic', topic })
      }
      const unseen = ranges.filter(({ topic, partition }) => topics.has(topic) && !progress.find(topic, partition))
      const gaps = unseen.map((range) => progress.open(range.topic, range.partition, range))
      for (const topic of topics) progress.known(topic)
      return gaps.filter((gap) => gap !== null)
    },
  }
}
