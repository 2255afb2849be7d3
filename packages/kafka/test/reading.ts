import type { RawRecord } from '@kafclaw/envelope'
import type { Log, LogBatch, Reader, ReaderEvent, ReadOptions } from '../src/index.ts'

/** A reader whose yield is kept. */
export interface Collected {
  reader: Reader
  records: RawRecord[]
  batches: LogBatch[]
  calls: number[]
  events: ReaderEvent[]
  values(): string[]
  [Symbol.asyncDispose](): Promise<void>
}

export function collect(log: Log, topics: readonly string[], options: Partial<ReadOptions> = {}): Collected {
  const records: RawRecord[] = []
  const batches: LogBatch[] = []
  const calls: number[] = []
  const events: ReaderEvent[] = []
  const reader = log.read({
    topics,
    position: () => 'start',
    onBatch(arrived) {
      calls.push(arrived.length)
      batches.push(...arrived)
      records.push(...arrived.flatMap((batch) => batch.records))
    },
    onEvent: (event) => void events.push(event),
    ...options,
  })
  reader.ended.catch(() => undefined)
  return {
    reader,
    records,
    batches,
    calls,
    events,
    values: () => records.map(({ value }) => value?.toString() ?? ''),
    [Symbol.asyncDispose]: () => reader.close(),
  }
}
