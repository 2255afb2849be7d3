import { AppError, offsetGroupName, parseTopicName, topicName } from '@kafclaw/envelope'
import type { ConsumerGroup } from '@kafclaw/kafka'
import { readServedBy } from '@kafclaw/runtime'
import { failedBy, ok, type Verdict, warning } from '../finding.ts'
import type { GroupSubject } from '../group-subject.ts'
import { measureLag } from '../probes/measure-lag.ts'
import { judgeLag } from './lag.ts'

/** Consumer groups on topics of the group: our services use none, so these are programs of others. */
export async function checkGroups(subject: GroupSubject): Promise<Verdict[]> {
  const { name, log, env, scope } = subject
  let groups: ConsumerGroup[]
  try {
    groups = (await subject.consumerGroups()).filter((group) => !isOurs(group, scope.group))
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

/** Under these names the services of each zone commit offsets of its topics for others to see. */
export function isOurs({ groupId, committed }: Pick<ConsumerGroup, 'groupId' | 'committed'>, group: string): boolean {
  const zones = committed.flatMap(({ topic }) => {
    const address = parseTopicName(topic)
    return address?.group === group ? [address.zone] : []
  })
  return [...new Set(zones)].some((zone) =>
    (['open', 'work'] as const).some((purpose) => groupId === offsetGroupName({ group, zone }, purpose)),
  )
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
  const served = await readServedBy(log, scope)
  return new Set(names.filter((name) => served.get(parseTopicName(name)?.skill ?? '')?.servedBy === 'group'))
}
