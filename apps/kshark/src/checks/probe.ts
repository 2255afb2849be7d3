import { RANK_DELAY_MS } from '@kafclaw/tasks'
import { failedBy, ok, skipped, type Verdict, warning } from '../finding.ts'
import type { GroupSubject } from '../group-subject.ts'
import { PROBE_TOPIC, type ProbeResult } from '../probes/probe-round-trips.ts'

/** A record there and back, on a topic of kshark's own. */
export async function checkProbe({ probe }: GroupSubject): Promise<Verdict[]> {
  if (!probe) return [skipped(PROBE_TOPIC, 'by --no-probe')]
  try {
    return [judgeProbe(await probe())]
  } catch (thrown) {
    const verdict = failedBy(PROBE_TOPIC, thrown)
    // The layers below have reached every broker: a record that is lost on the way is no matter of the way.
    return [verdict.status === 'failed' && verdict.fault === 'connection' ? { ...verdict, fault: 'group' } : verdict]
  }
}

export function judgeProbe(result: ProbeResult): Verdict {
  if (result.kind === 'denied') {
    const advice = `Allow CREATE, READ, WRITE and DESCRIBE_CONFIGS on topic ${PROBE_TOPIC}, or leave the probe out with --no-probe.`
    return warning(PROBE_TOPIC, result.reason, advice)
  }
  const rounds = result.trips.map(({ roundMs }) => roundMs).toSorted((a, b) => a - b)
  const roundMs = median(rounds)
  const ackMs = median(result.trips.map((trip) => trip.ackMs).toSorted((a, b) => a - b))
  const slowest = formatMs(rounds.at(-1) ?? 0)
  const seen = `round trip p50 ${formatMs(roundMs)}, slowest ${slowest}, acknowledged p50 ${formatMs(ackMs)}, of ${rounds.length}`
  if (roundMs <= RANK_DELAY_MS) return ok(PROBE_TOPIC, seen)
  const advice = `Above ${RANK_DELAY_MS} ms agents claim before they see each other's claims: right, but wasteful. Look for brokers nearer by.`
  return warning(PROBE_TOPIC, seen, advice)
}

function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

function formatMs(ms: number): string {
  return `${ms.toFixed(1)} ms`
}
