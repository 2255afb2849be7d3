import type { Env } from '@kafclaw/env'
import {
  AppError,
  createEnvelope,
  decode,
  formatPlace,
  type RecordPlace,
  type SkillEnvelope,
  topicName,
} from '@kafclaw/envelope'
import { type Log, readAll } from '@kafclaw/kafka'
import type { TopicScope } from './apply-topics.ts'

export type ServedBy = SkillEnvelope['payload']['served_by']

/** What stands on `control.skills` about a skill: the last record of its key. */
export interface SkillRecord {
  servedBy: ServedBy
  /** Who wrote it. */
  senderId: string
  place: RecordPlace
}

/** Who serves which skill of a group; a skill without a record is served by agents that claim. The topic must be there. */
export async function readServedBy(log: Log, scope: TopicScope): Promise<Map<string, SkillRecord>> {
  const known = new Map<string, SkillRecord>()
  for (const record of await readAll(log, [topicName(scope, 'control_skills')])) {
    const decoded = decode(record)
    if (decoded.kind === 'tombstone') known.delete(decoded.key)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'skill') continue
    const { payload, sender_id } = decoded.envelope
    known.set(payload.skill, { servedBy: payload.served_by, senderId: sender_id, place: record })
  }
  return known
}

/**
 * The skills of which it must be written that `servedBy` serves them: those that do not say so yet. Two that serve one
 * skill answer each task twice, so a change has to be asked for. Error: KC_TOPIC_MISMATCH.
 */
export function skillsToWrite(
  known: ReadonlyMap<string, SkillRecord>,
  skills: readonly string[],
  { by, mayChange }: { by: ServedBy; mayChange: boolean },
): string[] {
  const changed = skills.flatMap((skill) => {
    const there = known.get(skill)
    return there && there.servedBy !== by ? [{ skill, ...there }] : []
  })
  if (changed.length > 0 && !mayChange) {
    const lines = changed.map(
      ({ skill, servedBy, senderId, place }) =>
        `Skill "${skill}" is served by ${nameOf(servedBy)}: ${senderId} wrote so at ${formatPlace(place)}.`,
    )
    throw new AppError(
      'KC_TOPIC_MISMATCH',
      `${lines.join('\n')}\nNothing was changed. To have it served by ${nameOf(by)}, stop what serves it now, then run it again with --change.`,
    )
  }
  return skills.filter((skill) => known.get(skill)?.servedBy !== by)
}

function nameOf(servedBy: ServedBy): string {
  return servedBy === 'group' ? 'a consumer group ("group")' : 'agents that claim ("claim")'
}

export function skillRecord(
  env: Env,
  fields: { scope: TopicScope; senderId: string; skill: string; servedBy: ServedBy },
): SkillEnvelope {
  const { scope, senderId, skill, servedBy } = fields
  return createEnvelope(
    { type: 'skill', ...scope, sender_id: senderId, payload: { skill, served_by: servedBy } },
    { id: env.newId(), nowMs: env.now() },
  )
}
