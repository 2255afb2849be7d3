import { AppError, decode, parseTopicName, topicName } from '@kafclaw/envelope'
import { type ConsumerGroup, readAll } from '@kafclaw/kafka'
import { failedBy, ok, type Verdict, warning } from '../finding.ts'
import type { GroupSubject } from '../group-subject.ts'
import { measureLag } from '../probes/measure-lag.ts'
import { judgeLag } from './lag.ts'

/** Consumer groups on topics of the group: our services use none, so these are programs of others. */
export async function checkGroups(subject: GroupSubject): Promise<Verdict[]> {
  const { name, log, env, scope } = subject
  let groups: ConsumerGroup[]
  try {
    groups = (await subject.consumerGroups()).filter(({ groupId }) => !isOurs(groupId, scope.group))
  } catch (thrown) {
    return [judgeUnseen(name, thrown)]
  }
  if (groups.length === 0) return [ok(name, 'no consumer group reads topics of the group')]
  const serves = await topicsServedByGroups(subject)
  return Promise.all(
    groups.map(async ({ groupId, members, topics, committed }) => {
      const lags = await measureLag(log, env, committed)
      // Members that have committed nothing yet begin where auto.offset.reset says.
      const fresh = topics
        .filter((topic) => !lags.some((lag) => lag.topic === topic))
        .map((topic) => ({ topic, lag: 0, lost: 0, oldestMs: null }))
      return judgeLag({ name: groupId, members, topics: [...lags, ...fresh], serves })
    }),
  )
}

/** Names under which our services commit offsets for others to see, without members. */
export function isOurs(groupId: string, group: string): boolean {
  return groupId === `group.${group}.work` || groupId === `group.${group}.open`
}

/** Not being allowed to look at consumer groups stops nobody from taking part. */
function judgeUnseen(name: string, thrown: unknown): Verdict {
  const verdict = failedBy(name, thrown)
  const isDenied = thrown instanceof AppError && thrown.code === 'KC_KAFKA_NOT_AUTHORISED'
  if (!isDenied) return verdict
  return warning(name, verdict.seen, 'To see members and lag, allow DESCRIBE on consumer groups.')
}

/** Skill topics of the zone whose tasks agents leave to a consumer group, as control.skills says. */
async function topicsServedByGroups({ log, scope, topicNames }: GroupSubject): Promise<Set<string>> {
  const control = topicName(scope, 'control_skills')
  const names = await topicNames()
  if (!names.includes(control)) return new Set()
  const served = new Map<string, boolean>()
  for (const record of await readAll(log, [control])) {
    const decoded = decode(record)
    if (decoded.kind === 'tombstone') served.delete(decoded.key)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'skill') continue
    served.set(decoded.envelope.payload.skill, decoded.envelope.payload.served_by === 'group')
  }
  return new Set(names.filter((name) => served.get(parseTopicName(name)?.skill ?? '') === true))
}
