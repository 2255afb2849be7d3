import type { Env } from '@kafclaw/env'
import {
  AppError,
  createEnvelope,
  TASK_PARTITIONS,
  TOPICS,
  type TopicKind,
  topicConfigs,
  topicName,
} from '@kafclaw/envelope'
import type { Log, NewTopic } from '@kafclaw/kafka'
import { readZone } from './group-client.ts'
import { toOutgoing } from './sender.ts'

/** What is written once for a zone. */
export interface ZoneSettings {
  /** Partitions of the task topics; fixed for the life of the zone. */
  partitions: number
  leaseMs: number
}

export interface TopicScope {
  group: string
  zone: string
}

/** The topics that a zone of a group must have, as the topic table says; those of skills only where they are named. */
export function plannedTopics(
  scope: TopicScope,
  options: { partitions?: number; skills?: readonly string[] } = {},
): NewTopic[] {
  const partitions = options.partitions ?? TASK_PARTITIONS
  const topicOf = (kind: TopicKind, skill?: string): NewTopic => ({
    name: topicName(scope, kind, skill),
    partitions: TOPICS[kind].partitions === 'task' ? partitions : 1,
    configs: topicConfigs(kind),
  })
  const kinds = (Object.keys(TOPICS) as TopicKind[]).filter((kind) => kind !== 'skill_requests')
  return [
    ...kinds.map((kind) => topicOf(kind)),
    ...(options.skills ?? []).map((skill) => topicOf('skill_requests', skill)),
  ]
}

/**
 * Creates what is missing and writes the zone record; what is there stays as it is.
 * Error: KC_TOPIC_MISMATCH when the zone was made with another count of partitions.
 */
export async function applyTopics(options: {
  log: Log
  env: Env
  scope: TopicScope
  senderId: string
  leaseMs: number
  partitions?: number
  skills?: readonly string[]
}): Promise<{ created: string[]; zone: ZoneSettings; zoneWritten: boolean }> {
  const { log, env, scope } = options
  const names = await log.listTopics()
  const known = names.includes(topicName(scope, 'control_zones')) ? await readZone(log, scope) : null
  const partitions = options.partitions ?? known?.partitions ?? TASK_PARTITIONS
  if (known && known.partitions !== partitions) {
    throw new AppError(
      'KC_TOPIC_MISMATCH',
      `Zone "${scope.zone}" of group "${scope.group}" has ${known.partitions} partitions for life; ${partitions} were asked for. Use a new group or zone for another count.`,
    )
  }
  const created = await log.createTopics(
    plannedTopics(scope, { partitions, ...(options.skills ? { skills: options.skills } : {}) }),
  )
  const zone: ZoneSettings = { partitions, leaseMs: options.leaseMs }
  if (known?.leaseMs === zone.leaseMs) return { created, zone, zoneWritten: false }
  const envelope = createEnvelope(
    {
      type: 'zone',
      ...scope,
      sender_id: options.senderId,
      payload: { zone: scope.zone, partitions, lease_ms: zone.leaseMs },
    },
    { id: env.newId(), nowMs: env.now() },
  )
  const publisher = log.publisher({ lane: 'control' })
  try {
    await publisher.publish([toOutgoing(envelope, { partitions })])
  } finally {
    await publisher.close()
  }
  return { created, zone, zoneWritten: true }
}
