import type { Env } from '@kafclaw/env'
import type { ReaderLag } from '@kafclaw/kafka'
import { METRICS, type Metrics } from '@kafclaw/telemetry'
import type { GroupOffsets } from './group-offsets.ts'
import type { MemberCore } from './member-core.ts'

/** Gauges that are read when somebody asks for the metrics. */
export function observeMember(
  metrics: Metrics,
  of: { env: Env; core: MemberCore; groupOffsets: GroupOffsets; lag(): readonly ReaderLag[] },
): void {
  const { core, env } = of
  metrics.gauge(METRICS.readerLag, () => lagByTopic(of.lag()))
  metrics.gauge(METRICS.outboxRows, () => core.relay.waiting())
  metrics.gauge(METRICS.outboxOldest, () => {
    const sinceMs = core.relay.oldestSinceMs()
    return sinceMs === null ? 0 : (env.monotonicMs() - sinceMs) / 1000
  })
  metrics.gauge(METRICS.outboxParked, () => core.outbox.countParked())
  metrics.gauge(METRICS.tasksOpen, () => core.tasks.countOpen())
  metrics.gauge(METRICS.oldestUnclaimed, () => of.groupOffsets.oldestUnclaimedSeconds())
  metrics.gauge(METRICS.runsRunning, () => core.runs.count())
}

/** Over all partitions of a topic. */
export function lagByTopic(lags: readonly ReaderLag[]): Array<{ labels: { topic: string }; value: number }> {
  const sums = new Map<string, number>()
  for (const { topic, lag } of lags) sums.set(topic, (sums.get(topic) ?? 0) + lag)
  return [...sums].map(([topic, value]) => ({ labels: { topic }, value }))
}
