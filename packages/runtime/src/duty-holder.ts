import { parseTopicName } from '@kafclaw/envelope'
import { dutyDelayMs, type RosterEntry } from '@kafclaw/tasks'

const NATIVE_LEVEL = 3

/**
 * Whether this service commits offsets for the zone: of the live native services that read all request topics, an orchestrator
 * before all others, and among equals rank 0 for the subject. Where nobody reads all of them, nobody commits.
 */
export function holdsDuty(
  subject: string,
  agentId: string,
  zone: { live: readonly RosterEntry[]; skillTopics: readonly string[] },
): boolean {
  const skills = zone.skillTopics.flatMap((topic) => parseTopicName(topic)?.skill ?? [])
  const able = zone.live.filter(({ manifest }) => {
    if ((manifest.protocol_level ?? 0) < NATIVE_LEVEL) return false
    return (
      manifest.role === 'orchestrator' || skills.every((skill) => manifest.skills.some(({ name }) => name === skill))
    )
  })
  const orchestrators = able.filter(({ manifest }) => manifest.role === 'orchestrator')
  const live = (orchestrators.length > 0 ? orchestrators : able).map((entry) => entry.agentId)
  return live.includes(agentId) && dutyDelayMs(subject, agentId, { live }) === 0
}
