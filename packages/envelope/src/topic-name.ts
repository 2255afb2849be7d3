import { AppError } from './app-error.ts'
import { isName, isSkillName } from './names.ts'
import { TOPICS, type TopicKind } from './topics.ts'

export interface TopicAddress {
  group: string
  /** `public` for topics that belong to the whole group. */
  zone: string
  kind: TopicKind
  /** Only where kind is `skill_requests`. */
  skill: string | null
}

/** The zone at the root of a group; topics of the whole group have it too. */
export const PUBLIC_ZONE = 'public'
const SKILL_PREFIX = 'skill.'
const SKILL_SUFFIX = '.requests'

const kindBySuffix = new Map<string, TopicKind>(
  Object.values(TOPICS)
    .filter((spec) => spec.kind !== 'skill_requests')
    .map((spec) => [spec.suffix, spec.kind]),
)

/** The name of a topic; group-scoped kinds ignore the zone. Throws KC_ENVELOPE_INVALID on names that break the pattern. */
export function topicName(scope: { group: string; zone: string }, kind: TopicKind, skill?: string): string {
  const spec = TOPICS[kind]
  const prefix = prefixOf({ group: scope.group, zone: spec.scope === 'group' ? PUBLIC_ZONE : scope.zone })
  if (kind !== 'skill_requests') return prefix + spec.suffix
  if (!isSkillName(skill)) {
    throw new AppError('KC_ENVELOPE_INVALID', `"${skill}" must be a skill: segments like "chat" or "memory.recall"`)
  }
  return prefix + SKILL_PREFIX + skill + SKILL_SUFFIX
}

/**
 * The consumer group under whose name the zone's services commit offsets, in the pattern of the topic names: `open` is where a
 * reader that knows nothing may begin, `work` where the first request lies that nobody has taken (docs/topics.md, Names of consumer groups).
 */
export function offsetGroupName(scope: { group: string; zone: string }, purpose: 'open' | 'work'): string {
  return prefixOf(scope) + purpose
}

function prefixOf({ group, zone }: { group: string; zone: string }): string {
  if (!isName(group) || !isName(zone)) {
    throw new AppError('KC_ENVELOPE_INVALID', `"${group}" and "${zone}" must both be names like "acme" or "team-1"`)
  }
  return zone === PUBLIC_ZONE ? `group.${group}.` : `group.${group}.zone.${zone}.`
}

const parsed = new Map<string, TopicAddress | null>()
const PARSED_LIMIT = 1_000

/** Takes a topic name apart; null when it is not a topic of a KafClaw group. */
export function parseTopicName(name: string): TopicAddress | null {
  let address = parsed.get(name)
  if (address === undefined) {
    // Bounded, because names may come from a cluster full of other people's topics.
    if (parsed.size >= PARSED_LIMIT) parsed.clear()
    address = takeApart(name)
    parsed.set(name, address)
  }
  return address && { ...address }
}

function takeApart(name: string): TopicAddress | null {
  const match = /^group\.([^.]+)\.(?:zone\.([^.]+)\.)?(.+)$/.exec(name)
  const [, group, inZone, suffix] = match ?? []
  if (!isName(group) || suffix === undefined) return null
  // The public zone lies at the root of the group; it has no second name.
  if (inZone !== undefined && (!isName(inZone) || inZone === PUBLIC_ZONE)) return null
  const zone = inZone ?? PUBLIC_ZONE
  const kind = kindBySuffix.get(suffix)
  if (kind) return inZone !== undefined && TOPICS[kind].scope === 'group' ? null : { group, zone, kind, skill: null }
  if (!suffix.startsWith(SKILL_PREFIX) || !suffix.endsWith(SKILL_SUFFIX)) return null
  const skill = suffix.slice(SKILL_PREFIX.length, -SKILL_SUFFIX.length)
  return isSkillName(skill) ? { group, zone, kind: 'skill_requests', skill } : null
}
