import type { LogBatch, OffsetRange } from '../log.ts'
import type { Cursor, ReadProgress } from '../read-progress.ts'
import type { RecordSource } from './record-source.ts'

/** Reads what is new for the cursors, beginning with another one each time, up to `maxBytes` over all of them. */
export function collectBatches(
  deps: { source: RecordSource; progress: ReadProgress },
  ranges: ReadonlyMap<string, OffsetRange>,
  limits: { turn: number; maxBytes: number },
): LogBatch[] {
  const cursors = [...deps.progress.cursors()].filter((cursor) => hasNews(deps.progress, cursor, ranges))
  const batches: LogBatch[] = []
  let leftBytes = limits.maxBytes
  for (let index = 0; index < cursors.length && leftBytes > 0; index++) {
    const cursor = cursors[(limits.turn + index) % cursors.length]
    const batch = cursor ? readBatch(deps, cursor, leftBytes) : null
    if (!batch) continue
    batches.push(batch)
    for (const { key, value } of batch.records) leftBytes -= (key?.length ?? 0) + (value?.length ?? 0)
  }
  return batches
}

function hasNews(progress: ReadProgress, cursor: Cursor, ranges: ReadonlyMap<string, OffsetRange>): boolean {
  // No range: the topic was deleted, and there is nothing to read until it is there again.
  const range = ranges.get(`${cursor.topic}/${cursor.partition}`)
  if (!range || cursor.stopped) return false
  cursor.end = range.end
  return cursor.position !== range.end && !progress.isPaused(cursor.topic)
}

function readBatch(
  { source, progress }: { source: RecordSource; progress: ReadProgress },
  cursor: Cursor,
  maxBytes: number,
): LogBatch | null {
  const { topic, partition, position } = cursor
  const run = source.read({ topic, partition, position, maxBytes })
  if (!run) return null
  if (position < run.start || position > run.end) return progress.realign(cursor, run)
  cursor.end = run.end
  if (run.nextOffset === position) return null
  const { records, nextOffset, start: logStartOffset } = run
  return { topic, partition, fromOffset: position, nextOffset, logStartOffset, records }
}
