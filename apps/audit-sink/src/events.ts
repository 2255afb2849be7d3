import type { LogGap } from '@kafclaw/kafka'
import { describeGap } from '@kafclaw/runtime'
import { type Logger, METRICS, type Metrics } from '@kafclaw/telemetry'

/** One function per thing that an operator of the sink should hear of: metric and log at once. */
export interface AuditEvents {
  /** Offsets that were never delivered to the sink; `to` is the first after them. */
  gap(gap: LogGap & { topic: string; partition: number }): void
  setAside(path: string, why: string): void
}

export function createAuditEvents(logger: Logger, metrics: Metrics): AuditEvents {
  const gapRecords = metrics.counter(METRICS.gapRecords)
  return {
    gap(gap) {
      gapRecords.add(gap.to - gap.from, { topic: gap.topic, reason: gap.reason })
      logger.error(gap, `the audit has a gap: ${describeGap(gap)}`)
    },
    setAside(path, why) {
      logger.error({ path }, `the audit file was set aside and a new one begun: ${why}`)
    },
  }
}
