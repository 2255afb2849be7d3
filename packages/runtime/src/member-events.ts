import type { AppError } from '@kafclaw/envelope'
import type { LogGap } from '@kafclaw/kafka'
import { type Logger, METRICS, type Metrics } from '@kafclaw/telemetry'
import { describeGap } from './describe-gap.ts'

/** One function per thing that happens to a member: writes the metric and, where a person should know, the log. */
export interface MemberEvents {
  committed(durationMs: number): void
  skipped(type: string): void
  gap(topic: string, gap: LogGap): void
  deadLetter(code: string, place: string, reason: string): void
  claim(result: 'won' | 'lost', count?: number): void
  outcome(status: string): void
  leaseLost(taskId: string): void
  refused(topic: string, error: AppError): void
  storageTrouble(error: AppError | null): void
}

export function createMemberEvents(logger: Logger, metrics: Metrics): MemberEvents {
  const commit = metrics.histogram(METRICS.commitDuration)
  const skipped = metrics.counter(METRICS.recordsSkipped)
  const gaps = metrics.counter(METRICS.gapRecords)
  const deadLetters = metrics.counter(METRICS.deadLetters)
  const claims = metrics.counter(METRICS.claims)
  const outcomes = metrics.counter(METRICS.outcomes)
  const leases = metrics.counter(METRICS.leasesLost)
  const failures = metrics.counter(METRICS.publishFailures)
  return {
    committed: (durationMs) => commit.observe(durationMs),
    skipped: (type) => skipped.add(1, { type }),
    gap(topic, gap) {
      gaps.add(gap.to - gap.from, { topic, reason: gap.reason })
      logger.error({ topic, ...gap }, describeGap(gap))
    },
    deadLetter(code, place, reason) {
      deadLetters.add(1, { code })
      logger.warn({ code, place }, `dead letter: ${reason}`)
    },
    claim: (result, count = 1) => claims.add(count, { result }),
    outcome: (status) => outcomes.add(1, { status }),
    leaseLost(taskId) {
      leases.add(1)
      logger.warn({ taskId }, 'another run holds this task now; ours stops')
    },
    refused(topic, error) {
      failures.add(1, { code: error.code })
      logger.error({ topic, code: error.code }, `a record will never be taken and is parked: ${error.message}`)
    },
    storageTrouble(error) {
      if (error) logger.error({ code: error.code }, `nothing can be stored, so nothing is read on: ${error.message}`)
      else logger.info('the database can be written again')
    },
  }
}
