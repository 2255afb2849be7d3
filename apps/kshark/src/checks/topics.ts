import { parseTopicName } from '@kafclaw/envelope'
import type { NewTopic, TopicDescription, TopicMetadata } from '@kafclaw/kafka'
import { plannedTopics, type TopicScope } from '@kafclaw/runtime'
import { failed, ok, type Verdict, warning } from '../finding.ts'
import type { GroupSubject } from '../group-subject.ts'
import { compareTopic } from './topic-differences.ts'

/** The topics of the zone, those of its skills included, against the topic table. */
export async function checkTopics(subject: GroupSubject): Promise<Verdict[]> {
  const { scope, log, inspector, entry, views } = subject
  const names = await subject.topicNames()
  const partitions = (await subject.zone())?.partitions
  const planned = plannedTopics(scope, {
    skills: skillsOf(names, scope),
    ...(partitions === undefined ? {} : { partitions }),
  })
  const there = planned.map(({ name }) => name).filter((name) => names.includes(name))
  const described = await log.describe(there)
  const { topics: metadata } = await inspector.metadata(entry, there)
  const brokers = views[0]?.metadata.brokers.length ?? 1
  return [...judgeTopics(scope, { planned, described, metadata, brokers }), ...judgeUnknown(names, scope)]
}

export interface TopicsSeen {
  planned: readonly NewTopic[]
  described: readonly TopicDescription[]
  metadata: readonly TopicMetadata[]
  /** How many the cluster has. */
  brokers: number
}

const APPLY = 'Create it with `kafclaw topics apply`; if it exists, this user may not see it (DESCRIBE on the topic).'

/** One line for all topics that are right, and one for each that is not. */
export function judgeTopics({ group, zone }: TopicScope, seen: TopicsSeen): Verdict[] {
  const { planned, described, metadata, brokers } = seen
  if (described.length === 0) {
    const text = `the zone has none of its ${planned.length} topics here`
    return [failed(`group.${group}.*`, text, { advice: APPLY, fault: 'group' })]
  }
  const verdicts = planned.flatMap((wanted): Verdict[] => {
    const actual = described.find(({ name }) => name === wanted.name)
    if (!actual) return [failed(wanted.name, 'is missing', { advice: APPLY, fault: 'group' })]
    const partitions = metadata.find(({ topic }) => topic === wanted.name)?.partitions ?? []
    const { wrong, doubtful } = compareTopic({ wanted, actual, partitions, brokers })
    if (wrong.length > 0) {
      const advice =
        'Give the topic what docs/topics.md says (kafka-configs --alter); partitions are fixed for life: use a new group.'
      return [failed(wanted.name, [...wrong, ...doubtful].join('; '), { advice, fault: 'group' })]
    }
    const advice = 'It works, but not as well as it could; see docs/topics.md.'
    return doubtful.length > 0 ? [warning(wanted.name, doubtful.join('; '), advice)] : []
  })
  const right = planned.length - verdicts.length
  if (right === 0) return verdicts
  const replication = [...new Set(described.map(({ replicationFactor }) => replicationFactor))].join(' and ')
  return [
    ok(`group.${group}.*`, `${right} topics of zone ${zone} as the table says, replication ${replication}`),
    ...verdicts,
  ]
}

/** Names under the prefix of the group that are no topics of KafClaw. */
export function judgeUnknown(names: readonly string[], { group }: TopicScope): Verdict[] {
  const unknown = names.filter((name) => name.startsWith(`group.${group}.`) && parseTopicName(name) === null)
  const advice = 'Nobody reads it; a misspelt skill or zone? Remove it, or give it another prefix.'
  return unknown.map((name) => warning(name, 'is in no topic table', advice))
}

function skillsOf(names: readonly string[], scope: TopicScope): string[] {
  return names.flatMap((name) => {
    const topic = parseTopicName(name)
    return topic?.skill != null && topic.group === scope.group && topic.zone === scope.zone ? [topic.skill] : []
  })
}
