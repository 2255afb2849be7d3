import { AppError } from '@kafclaw/envelope'
import { applyTopics, EXIT, formatDuration, type ServedBy } from '@kafclaw/runtime'
import type { ApplyCommandOptions } from '../commands/topics.ts'
import { commandSenderId, openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { readPlanOptions } from './plan.ts'

/** Creates what is missing, and writes the record of the zone and of who serves its skills. What is there stays as it is. */
export async function applyGroupTopics(invocation: Invocation, options: ApplyCommandOptions): Promise<number> {
  const wanted = readPlanOptions(options)
  const served = readServedOptions(options)
  await using host = openGroup(invocation)
  const { log, env, settings } = host
  const { created, zone, zoneWritten, skillsWritten } = await applyTopics({
    log,
    env,
    scope: { group: settings.group, zone: settings.zone },
    senderId: commandSenderId(host),
    leaseMs: settings.leaseMs,
    ...wanted,
    ...(served ? { served } : {}),
  })
  const { output } = invocation
  const value = {
    created,
    zone: settings.zone,
    partitions: zone.partitions,
    lease_ms: zone.leaseMs,
    zone_written: zoneWritten,
    skills_written: skillsWritten,
  }
  output.data(value, () => created.map((name) => `created ${name}`).join('\n') || 'nothing to create')
  output.note(
    `zone "${settings.zone}" of group "${settings.group}": ${zone.partitions} partitions, lease ${formatDuration(zone.leaseMs)}${zoneWritten ? ' (written)' : ''}`,
  )
  if (served)
    for (const skill of wanted.skills) output.note(servedNote(skill, served.by, skillsWritten.includes(skill)))
  return EXIT.done
}

/** Error: KC_USAGE for words that mean nothing without each other. */
function readServedOptions(options: ApplyCommandOptions): { by: ServedBy; mayChange: boolean } | null {
  const { skill, servedBy, change } = options
  if (servedBy === undefined) {
    if (change) throw new AppError('KC_USAGE', '--change says that --served-by may replace what stands there: add it.')
    return null
  }
  if (skill === undefined) {
    throw new AppError('KC_USAGE', '--served-by says who serves a skill: name it with --skill <name>.')
  }
  return { by: servedBy, mayChange: change === true }
}

function servedNote(skill: string, by: ServedBy, isWritten: boolean): string {
  const who = by === 'group' ? 'a consumer group; agents leave it alone' : 'agents that claim'
  return `skill "${skill}" is served by ${who}${isWritten ? ' (written)' : ''}`
}
