import { decode, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { createRoster } from '@kafclaw/tasks'
import { formatAge } from '../age.ts'
import { ok, type Verdict, warning } from '../finding.ts'
import type { GroupSubject } from '../group-subject.ts'

/** Who is there, by the clock of the log; a log that stands still is told by the clock of this machine. */
export async function checkRoster({ name, log, scope, env, zone }: GroupSubject): Promise<Verdict[]> {
  const leaseMs = (await zone())?.leaseMs ?? 0
  const roster = createRoster(() => leaseMs)
  for (const record of await readAll(log, [topicName(scope, 'announce')])) {
    const decoded = decode(record)
    if (decoded.kind === 'envelope' && decoded.envelope.type === 'announce') roster.fold(decoded.envelope, record)
  }
  const live = roster.live().map(({ agentId }) => agentId)
  return [judgeRoster(name, { live, known: roster.all().length, silentMs: env.now() - roster.clockMs(), leaseMs })]
}

export interface RosterSeen {
  /** Ids of those whose last beat is younger than a lease by the newest beat of all. */
  live: readonly string[]
  known: number
  /** Since the newest beat of all, by the clock of this machine. */
  silentMs: number
  leaseMs: number
}

export function judgeRoster(name: string, { live, known, silentMs, leaseMs }: RosterSeen): Verdict {
  const start = 'Start somebody: `kafclaw up`, or `kafclaw start agent-worker`. Tasks wait until then.'
  if (known === 0) return warning(name, 'nobody has ever announced itself', start)
  if (live.length === 0) return warning(name, `all ${known} have left`, start)
  // The newest beat is always live by its own clock.
  if (silentMs > leaseMs)
    return warning(name, `nobody of ${known}: the newest beat is ${formatAge(silentMs)} old`, start)
  return ok(name, `${live.length} of ${known} live: ${live.toSorted().join(', ')}`)
}
