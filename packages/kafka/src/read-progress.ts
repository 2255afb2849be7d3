import { AppError } from '@kafclaw/envelope'
import type { LogBatch, ReaderLag, ReadOptions } from './log.ts'

/** Where one partition is being read. */
export interface Cursor {
  readonly topic: string
  readonly partition: number
  /** Next offset to read. */
  position: number
  /** Last known end offset. */
  end: number
  /** Caught up at or past this; null when that has happened. */
  target: number | null
  /** Beyond the end of the log: not read any more. */
  stopped: boolean
}

/** The rules of reading that both forms share: positions, gaps, the end of the log, catching up, pausing. */
export interface ReadProgress {
  readonly caughtUp: Promise<void>
  cursors(): IterableIterator<Cursor>
  find(topic: string, partition: number): Cursor | undefined
  /** Holds `caughtUp` back until `known` is called for the topic. */
  expect(topic: string): void
  /** All partitions of the topic are open, or the topic does not exist. */
  known(topic: string): void
  /** Resolves `caughtUp` where there is nothing to wait for, as in a reader without topics. */
  settle(): void
  /** Begins a partition where the caller's `position` says; answers with a batch when that already left a gap. */
  open(topic: string, partition: number, range: { start: number; end: number }): LogBatch | null
  /** Compares a position with the log again, after the log said that it does not hold it. */
  realign(cursor: Cursor, range: { start: number; end: number }): LogBatch | null
  /** Moves past what the handler has taken. */
  advance(batches: readonly LogBatch[]): void
  pause(topics: readonly string[]): void
  resume(topics: readonly string[]): void
  isPaused(topic: string): boolean
  lag(): ReaderLag[]
  /** Nothing will be read any more. */
  fail(error: unknown): void
}

export function createReadProgress(options: Pick<ReadOptions, 'position' | 'onEvent'>): ReadProgress {
  const cursors = new Map<string, Cursor>()
  const expected = new Set<string>()
  const paused = new Set<string>()
  const caughtUp = Promise.withResolvers<void>()
  // Looked at by those who care; a reader that dies says so through `ended`.
  caughtUp.promise.catch(() => undefined)
  let behind = 0

  function settle(): void {
    if (behind === 0 && expected.size === 0) caughtUp.resolve()
  }

  function reach(cursor: Cursor): void {
    if (cursor.target !== null && cursor.position >= cursor.target) letGo(cursor)
  }

  /** `caughtUp` waits for this one no more. */
  function letGo(cursor: Cursor): void {
    if (cursor.target === null) return
    cursor.target = null
    behind--
    settle()
  }

  function realign(cursor: Cursor, range: { start: number; end: number }): LogBatch | null {
    const { topic, partition, position } = cursor
    cursor.end = range.end
    if (position > range.end) {
      cursor.stopped = true
      const text = `Topic ${topic}, partition ${partition}, ends at ${range.end}, before position ${position}: it was deleted, restored or rewound`
      const error = new AppError('KC_LOG_REWOUND', text, { details: { topic, partition, position, end: range.end } })
      options.onEvent?.({ kind: 'beyond_end', topic, partition, position, end: range.end, error })
      return null
    }
    if (position >= range.start) return null
    options.onEvent?.({ kind: 'below_start', topic, partition, from: position, to: range.start })
    return {
      topic,
      partition,
      fromOffset: position,
      nextOffset: range.start,
      logStartOffset: range.start,
      records: [],
      gap: { from: position, to: range.start, reason: 'below_start' },
    }
  }

  return {
    caughtUp: caughtUp.promise,
    cursors: () => cursors.values(),
    find: (topic, partition) => cursors.get(`${topic}/${partition}`),
    expect: (topic) => void expected.add(topic),
    known(topic) {
      if (expected.delete(topic)) settle()
    },
    settle,
    open(topic, partition, range) {
      const asked = options.position(topic, partition)
      const position = asked === 'start' ? range.start : asked === 'end' ? range.end : asked
      const cursor: Cursor = { topic, partition, position, end: range.end, target: range.end, stopped: false }
      cursors.set(`${topic}/${partition}`, cursor)
      behind++
      const batch = realign(cursor, range)
      if (!cursor.stopped) reach(cursor)
      return batch
    },
    realign,
    advance(batches) {
      for (const { topic, partition, nextOffset } of batches) {
        const cursor = cursors.get(`${topic}/${partition}`)
        if (!cursor) continue
        cursor.position = nextOffset
        if (nextOffset > cursor.end) cursor.end = nextOffset
        reach(cursor)
      }
    },
    pause(topics) {
      for (const topic of topics) paused.add(topic)
      // Whoever pauses a topic on the way would wait for itself.
      for (const cursor of cursors.values()) if (paused.has(cursor.topic) && !cursor.stopped) letGo(cursor)
    },
    resume(topics) {
      for (const topic of topics) paused.delete(topic)
    },
    isPaused: (topic) => paused.has(topic),
    lag: () =>
      [...cursors.values()].map(({ topic, partition, position, end }) => ({
        topic,
        partition,
        position,
        end,
        lag: Math.max(0, end - position),
      })),
    fail: (error) => caughtUp.reject(error),
  }
}
