import type { RawRecord } from '@kafclaw/envelope'
import { EXIT, type Host } from '@kafclaw/runtime'
import { watchForInterruption } from '../interruption.ts'
import type { Invocation } from '../invocation.ts'
import { createWatchView, type WatchedRows } from '../output/watch-view.ts'
import { followTopics } from './follow-topics.ts'

/** Rows that are folded from topics and change with them. */
export interface WatchedTopics<Row> extends WatchedRows<Row> {
  topics(): Promise<string[]>
  position(topic: string, partition: number): number | 'start'
  onRecord(record: RawRecord): void
  rows(): Row[]
}

/** Shows the rows and every change of them until somebody interrupts it; returns the exit code for that. */
export async function watchRows<Row>(invocation: Invocation, host: Host, watched: WatchedTopics<Row>): Promise<number> {
  const { io, env, output } = invocation
  using interruption = watchForInterruption()
  const view = createWatchView(io, output, watched)
  await followTopics(host.log, {
    env,
    topics: watched.topics,
    position: watched.position,
    onRecord: watched.onRecord,
    onChange: () => view.show(watched.rows()),
    onTrouble: (text) => output.warn(text),
    interrupted: interruption.signal,
  })
  return EXIT.interrupted
}
