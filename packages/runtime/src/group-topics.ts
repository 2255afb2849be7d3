import { type Env, sleep } from '@kafclaw/env'
import { AppError, decode, parseTopicName, TOPICS, type TopicKind, topicName } from '@kafclaw/envelope'
import { type Log, readAll } from '@kafclaw/kafka'
import type { TopicScope } from './apply-topics.ts'
import type { GroupState } from './group-state.ts'

/** Topics that every member reads to know its tasks and its group. */
const MEMBER_TOPICS: readonly TopicKind[] = [
  'announce',
  'control_zones',
  'control_skills',
  'requests',
  'tasks_status',
  'responses',
  'dlq',
]
const LONGEST_PAUSE_MS = 5000

export function memberTopics(scope: TopicScope): string[] {
  return MEMBER_TOPICS.map((kind) => topicName(scope, kind))
}

export function isRequestTopic(topic: string): boolean {
  const kind = parseTopicName(topic)?.kind
  return kind === 'requests' || kind === 'skill_requests'
}

export function isSkillRequests(topic: string): boolean {
  return parseTopicName(topic)?.kind === 'skill_requests'
}

/** Compacted topics are read from their beginning at each start: what they say lives in memory only. */
export function isReadFromStart(topic: string): boolean {
  const kind = parseTopicName(topic)?.kind
  return kind !== undefined && TOPICS[kind].cleanup === 'compact'
}

/** The topics of their own that the given skills have now, or `all` skills of the zone. */
export async function skillTopics(log: Log, scope: TopicScope, skills: readonly string[] | 'all'): Promise<string[]> {
  return skillTopicsAmong(await log.listTopics(), scope, skills)
}

function skillTopicsAmong(names: readonly string[], scope: TopicScope, skills: readonly string[] | 'all'): string[] {
  return names.filter((name) => {
    const topic = parseTopicName(name)
    return (
      topic?.kind === 'skill_requests' &&
      topic.group === scope.group &&
      topic.zone === scope.zone &&
      topic.skill !== null &&
      (skills === 'all' || skills.includes(topic.skill))
    )
  })
}

/**
 * Waits until the topics of the group and the record of its zone are there, saying through `onWait` what is missing.
 * Errors that waiting does not mend (authentication, authorisation) are thrown.
 */
export async function awaitGroup(options: {
  log: Log
  env: Env
  scope: TopicScope
  group: GroupState
  signal: AbortSignal
  skills: readonly string[] | 'all'
  /** The topics are there: it is told which log they are of, before anything is read. */
  onCluster(clusterId: string): void
  /** Gets the topics of their own that the skills have. */
  skillTopics: Set<string>
  onWait(why: string): void
}): Promise<void> {
  const { env, signal } = options
  for (let pauseMs = 200; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const missing = await whatIsMissing(options)
    if (missing === null) return
    options.onWait(missing)
    await sleep(env, pauseMs, signal)
  }
}

async function whatIsMissing(options: Parameters<typeof awaitGroup>[0]): Promise<string | null> {
  const { log, scope, group } = options
  try {
    // Each costs ways to a broker and back.
    const [list, clusterId] = await Promise.all([log.listTopics(), log.clusterId()])
    const names = new Set(list)
    const missing = [...memberTopics(scope), topicName(scope, 'traces')].filter((name) => !names.has(name))
    if (missing.length > 0) {
      return `group "${scope.group}" has no topic ${missing[0]}${missing.length > 1 ? ` (and ${missing.length - 1} more)` : ''}; create them with: kafclaw topics apply`
    }
    for (const name of skillTopicsAmong(list, scope, options.skills)) options.skillTopics.add(name)
    options.onCluster(clusterId)
    for (const record of await readAll(log, [topicName(scope, 'control_zones')])) {
      const decoded = decode(record)
      if (decoded.kind === 'envelope' && decoded.envelope.type === 'zone') group.foldZone(decoded.envelope)
    }
    if (group.partitions() !== null) return null
    return `zone "${scope.zone}" of group "${scope.group}" has no record on ${topicName(scope, 'control_zones')}; write it with: kafclaw topics apply`
  } catch (error) {
    const known = AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE')
    if (known.code === 'KC_KAFKA_AUTHENTICATION' || known.code === 'KC_KAFKA_NOT_AUTHORISED') throw known
    return known.message
  }
}
