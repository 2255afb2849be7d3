import { formatDuration, type ZoneSettings } from '@kafclaw/runtime'
import { failed, ok, type Verdict } from '../finding.ts'
import type { GroupSubject } from '../group-subject.ts'

export async function checkZone({ name, zone }: GroupSubject): Promise<Verdict[]> {
  return [judgeZone(name, await zone())]
}

export function judgeZone(name: string, zone: ZoneSettings | null): Verdict {
  if (zone) return ok(name, `${zone.partitions} partitions for tasks, lease ${formatDuration(zone.leaseMs)}`)
  const advice = 'Run `kafclaw topics apply` once, as somebody who may create topics.'
  return failed(name, 'the zone has no record on control.zones', { advice, fault: 'group' })
}
