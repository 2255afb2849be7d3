import type { Env } from '@kafclaw/env'
import {
  AppError,
  createEnvelope,
  type Envelope,
  TASK_PARTITIONS,
  TOPICS,
  type TopicKind,
  topicConfigs,
  topicName,
} from '@kafclaw/envelope'
import type { Log, NewTopic } from '@kafclaw/kafka'
import { readZone } from './group-client.ts'
import { toOutgoing } from './sender.ts'
import { readServedBy, type ServedBy, skillRecord, skillsToWrite } from './served-by.ts'

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

export interface ApplyOptions {
  log: Log
  env: Env
  scope: TopicScope
  senderId: string
  leaseMs: number
  partitions?: number
  skills?: readonly string[]
  /** Who serves these skills; what stands on `control.skills` is only changed where that is meant. */
  served?: { by: ServedBy; mayChange: boolean }
}

export interface AppliedTopics {
  created: string[]
  zone: ZoneSettings
  zoneWritten: boolean
  /** Skills of which it was written who serves them. */
  skillsWritten: string[]
}

/**
 * Creates what is missing and writes the records of the zone and of who serves its skills; what is there stays as it is.
 * Error: KC_TOPIC_MISMATCH when the zone was made with another count of partitions, or somebody else serves a skill;
 * nothing is created then.
 */
export async function applyTopics(options: ApplyOptions): Promise<AppliedTopics> {
  const { log, env, scope, senderId, skills = [], served } = options
  const names = await log.listTopics()
  const known = names.includes(topicName(scope, 'control_zones')) ? await readZone(log, scope) : null
  const partitions = options.partitions ?? known?.partitions ?? TASK_PARTITIONS
  if (known && known.partitions !== partitions) {
    throw new AppError(
      'KC_TOPIC_MISMATCH',
      `Zone "${scope.zone}" of group "${scope.group}" has ${known.partitions} partitions for life; ${partitions} were asked for. Use a new group or zone for another count.`,
    )
  }
  const servedNow = names.includes(topicName(scope, 'control_skills')) ? await readServedBy(log, scope) : new Map()
  const skillsWritten = served ? skillsToWrite(servedNow, skills, served) : []
  const created = await log.createTopics(plannedTopics(scope, { partitions, skills }))
  const zone: ZoneSettings = { partitions, leaseMs: options.leaseMs }
  const zoneWritten = known?.leaseMs !== zone.leaseMs
  const envelopes: Envelope[] = skillsWritten.map((skill) =>
    skillRecord(env, { scope, senderId, skill, servedBy: served?.by ?? 'claim' }),
  )
  if (zoneWritten) envelopes.unshift(zoneRecord(env, { scope, senderId, zone }))
  if (envelopes.length > 0) await publishAll(log, envelopes, partitions)
  return { created, zone, zoneWritten, skillsWritten }
}

function zoneRecord(env: Env, fields: { scope: TopicScope; senderId: string; zone: ZoneSettings }): Envelope {
  const { scope, senderId, zone } = fields
  const payload = { zone: scope.zone, partitions: zone.partitions, lease_ms: zone.leaseMs }
  return createEnvelope({ type: 'zone', ...scope, sender_id: senderId, payload }, { id: env.newId(), nowMs: env.now() })
}

async function publishAll(log: Log, envelopes: readonly Envelope[], partitions: number): Promise<void> {
  const publisher = log.publisher({ lane: 'control' })
  try {
    await publisher.publish(envelopes.map((envelope) => toOutgoing(envelope, { partitions })))
  } finally {
    await publisher.close()
  }
}
