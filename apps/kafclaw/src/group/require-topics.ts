import { AppError, topicName } from '@kafclaw/envelope'
import { type Host, readZone, type ZoneSettings } from '@kafclaw/runtime'

/** The topics of the group that are there, and the record of the zone. Error: KC_GROUP_MISSING, KC_KAFKA_UNREACHABLE. */
export async function requireTopics({ log, settings }: Host): Promise<{ topics: Set<string>; zone: ZoneSettings }> {
  const topics = new Set(await log.listTopics())
  const zone = topics.has(topicName(settings, 'control_zones')) ? await readZone(log, settings) : null
  if (zone) return { topics, zone }
  throw new AppError(
    'KC_GROUP_MISSING',
    `Group "${settings.group}" has no topics here, or zone "${settings.zone}" is not set up in it. Create them with "kafclaw topics apply", or start it with "kafclaw up".`,
  )
}
