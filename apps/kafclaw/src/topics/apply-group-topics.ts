import { applyTopics, EXIT, formatDuration } from '@kafclaw/runtime'
import type { PlanOptions } from '../commands/topics.ts'
import { commandSenderId, openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { readPlanOptions } from './plan.ts'

/** Creates what is missing and writes the record of the zone. What is there stays as it is. */
export async function applyGroupTopics(invocation: Invocation, options: PlanOptions): Promise<number> {
  const wanted = readPlanOptions(options)
  await using host = openGroup(invocation)
  const { log, env, settings } = host
  const { created, zone, zoneWritten } = await applyTopics({
    log,
    env,
    scope: { group: settings.group, zone: settings.zone },
    senderId: commandSenderId(host),
    leaseMs: settings.leaseMs,
    ...wanted,
  })
  const { output } = invocation
  const value = {
    created,
    zone: settings.zone,
    partitions: zone.partitions,
    lease_ms: zone.leaseMs,
    zone_written: zoneWritten,
  }
  output.data(value, () => created.map((name) => `created ${name}`).join('\n') || 'nothing to create')
  output.note(
    `zone "${settings.zone}" of group "${settings.group}": ${zone.partitions} partitions, lease ${formatDuration(zone.leaseMs)}${zoneWritten ? ' (written)' : ''}`,
  )
  return EXIT.done
}
