import { formatAge } from '../age.ts'
import { failed, ok, skipped, type Verdict, warning } from '../finding.ts'
import type { GroupSubject } from '../group-subject.ts'
import type { ProbeResult, Trip } from '../probes/probe-round-trips.ts'

const NAME = 'this machine'

/** The clock of this machine against that of the brokers, by the append times of the probe. */
export async function checkClock({ probe }: GroupSubject): Promise<Verdict[]> {
  return [probe ? judgeClock(await probe()) : skipped(NAME, 'without a probe')]
}

const NOTICEABLE_MS = 2_000
/** A request dated further ahead than this is refused by every reader (docs/wire.md). */
const REFUSED_AHEAD_MS = 3_600_000

export function judgeClock(result: ProbeResult): Verdict {
  if (result.kind === 'denied') return skipped(NAME, 'without a probe')
  const [best] = result.trips.toSorted((a, b) => spanMs(a) - spanMs(b))
  if (!best || !result.isBrokerTime)
    return skipped(NAME, 'the probe topic keeps no append times (message.timestamp.type)')
  // The append lies between sending and acknowledgement: half of that span is what stays unknown.
  const aheadMs = (best.sentAtMs + best.ackedAtMs) / 2 - best.appendedAtMs
  const unknownMs = spanMs(best) / 2 + 1
  const size = Math.abs(aheadMs)
  const side = aheadMs > 0 ? 'ahead of' : 'behind'
  const seen =
    size <= unknownMs
      ? `as the brokers, within ${formatAge(Math.ceil(unknownMs))}`
      : `${formatAge(size)} ${side} the brokers, give or take ${formatAge(Math.ceil(unknownMs))}`
  if (aheadMs - unknownMs > REFUSED_AHEAD_MS) {
    const advice = 'Set the clock of this machine (NTP): requests from here are dated ahead and go to the dlq.'
    return failed(NAME, seen, { advice, fault: 'group' })
  }
  if (size - unknownMs <= NOTICEABLE_MS) return ok(NAME, seen)
  return warning(
    NAME,
    seen,
    'Synchronise the clocks (NTP): deadlines (expires_at) are set by the clock of whoever asks.',
  )
}

function spanMs({ sentAtMs, ackedAtMs }: Trip): number {
  return ackedAtMs - sentAtMs
}
