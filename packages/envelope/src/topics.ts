/** Every kind of topic that a group has. */
export type TopicKind =
  | 'announce'
  | 'requests'
  | 'skill_requests'
  | 'tasks_status'
  | 'responses'
  | 'traces'
  | 'memory_shared'
  | 'observe_audit'
  | 'control_onboarding'
  | 'control_keys'
  | 'control_zones'
  | 'control_policy'
  | 'control_schedules'
  | 'control_skills'
  | 'control_approvals'
  | 'audit_checkpoints'
  | 'dlq'

export interface TopicSpec {
  readonly kind: TopicKind
  /** What follows `group.<g>.` or `group.<g>.zone.<z>.`; `<s>` stands for the skill. */
  readonly suffix: string
  /** What the key of its records is, in words. */
  readonly key: string
  readonly cleanup: 'delete' | 'compact'
  /** How long records stay; null: for ever (or until replaced, where compacted). */
  readonly retentionMs: number | null
  /** `task`: as many as the zone has for its tasks, so that a task has one partition number everywhere. */
  readonly partitions: 'task' | 1
  /** `zone`: each zone has its own; `group`: one for the group, under the public prefix. */
  readonly scope: 'zone' | 'group'
  /** Types of envelopes that may lie there. */
  readonly types: readonly string[]
  /** Configs beyond those that follow from the columns above. */
  readonly configs: Readonly<Record<string, string>>
  readonly description: string
}

/** Partitions of the task topics of a new zone; fixed for the life of the zone. */
export const TASK_PARTITIONS = 6

const DAY_MS = 86_400_000

interface TopicRow extends Pick<TopicSpec, 'suffix' | 'key' | 'types' | 'description'> {
  readonly days?: number
  readonly compact?: true
  readonly task?: true
  readonly group?: true
  readonly configs?: Readonly<Record<string, string>>
}

function topic(kind: TopicKind, row: TopicRow): TopicSpec {
  return {
    kind,
    suffix: row.suffix,
    key: row.key,
    cleanup: row.compact ? 'compact' : 'delete',
    retentionMs: row.days === undefined ? null : row.days * DAY_MS,
    partitions: row.task ? 'task' : 1,
    scope: row.group ? 'group' : 'zone',
    types: row.types,
    configs: row.configs ?? {},
    description: row.description,
  }
}

/** The one table of topics, from which names, creation, documentation and access rules come. */
export const TOPICS: Readonly<Record<TopicKind, TopicSpec>> = {
  announce: topic('announce', {
    suffix: 'announce',
    key: 'agent_id',
    compact: true,
    types: ['announce'],
    // Heartbeats replace each other every few seconds, and whoever starts reads all that is there: without these it were days of them.
    configs: { 'segment.ms': '60000', 'min.cleanable.dirty.ratio': '0.1' },
    description: 'Manifest and heartbeat of each agent; a last beat `leaving` on leave, never a tombstone.',
  }),
  requests: topic('requests', {
    suffix: 'requests',
    key: 'task id',
    days: 7,
    task: true,
    types: ['request'],
    description: 'Tasks for whoever is able, or for `recipient_id`.',
  }),
  skill_requests: topic('skill_requests', {
    suffix: 'skill.<s>.requests',
    key: 'task id',
    days: 7,
    task: true,
    types: ['request'],
    description: 'Tasks for one skill, on a topic of their own so that any consumer group can serve them.',
  }),
  tasks_status: topic('tasks_status', {
    suffix: 'tasks.status',
    key: 'task id',
    days: 7,
    task: true,
    types: ['task_status'],
    description: 'Who is assigned, who claimed, what progress was made, who released.',
  }),
  responses: topic('responses', {
    suffix: 'responses',
    key: 'task id',
    days: 14,
    task: true,
    types: ['response'],
    description: 'Outcomes; the first one of a task counts.',
  }),
  traces: topic('traces', {
    suffix: 'traces',
    key: 'task id',
    days: 14,
    task: true,
    types: ['trace'],
    description: 'The journal: every step of every run.',
  }),
  memory_shared: topic('memory_shared', {
    suffix: 'memory.shared',
    key: 'item_id',
    compact: true,
    types: ['memory'],
    // An indexer that was away for days must still learn what was forgotten; by default tombstones go after one day.
    configs: { 'delete.retention.ms': String(30 * DAY_MS) },
    description: 'Shared memory items; a tombstone forgets one.',
  }),
  observe_audit: topic('observe_audit', {
    suffix: 'observe.audit',
    key: 'id of the actor',
    types: ['audit'],
    description: 'Decisions that are not on the wire otherwise.',
  }),
  control_onboarding: topic('control_onboarding', {
    suffix: 'control.onboarding',
    key: 'agent_id',
    days: 7,
    group: true,
    types: ['onboard'],
    description: 'Challenge and response of agents that join.',
  }),
  control_keys: topic('control_keys', {
    suffix: 'control.keys',
    key: 'key id',
    compact: true,
    group: true,
    types: ['key'],
    description: 'Public keys of the group.',
  }),
  control_zones: topic('control_zones', {
    suffix: 'control.zones',
    key: 'zone',
    compact: true,
    group: true,
    types: ['zone'],
    description: 'Zones with their partition count and lease.',
  }),
  control_policy: topic('control_policy', {
    suffix: 'control.policy',
    key: 'policy id',
    compact: true,
    group: true,
    types: ['policy'],
    description: 'Rules in force.',
  }),
  control_schedules: topic('control_schedules', {
    suffix: 'control.schedules',
    key: 'schedule id',
    compact: true,
    group: true,
    types: ['schedule'],
    description: 'Tasks that come back by the clock.',
  }),
  control_skills: topic('control_skills', {
    suffix: 'control.skills',
    key: 'skill',
    compact: true,
    group: true,
    types: ['skill'],
    description: 'Skills and who serves them: agents that claim, or a consumer group.',
  }),
  control_approvals: topic('control_approvals', {
    suffix: 'control.approvals',
    key: 'approval_id',
    days: 30,
    group: true,
    types: ['approval'],
    description: 'Approvals asked, granted, denied; the first decision counts.',
  }),
  audit_checkpoints: topic('audit_checkpoints', {
    suffix: 'audit.checkpoints',
    key: 'partition',
    group: true,
    types: ['checkpoint'],
    description: 'Signed tree heads of the audit.',
  }),
  dlq: topic('dlq', {
    suffix: 'dlq',
    key: '<topic>/<partition>/<offset> of the source',
    days: 30,
    types: [],
    description: 'Poison and exhausted records: the bytes untouched, the reason and the original key in headers.',
  }),
}

/** The configs with which a topic of that kind is created, and against which an existing one is checked. */
export function topicConfigs(kind: TopicKind): Record<string, string> {
  const spec = TOPICS[kind]
  return {
    'cleanup.policy': spec.cleanup,
    // A compacted topic has no retention of its own; Kafka ignores the setting there.
    ...(spec.cleanup === 'delete' ? { 'retention.ms': String(spec.retentionMs ?? -1) } : {}),
    'message.timestamp.type': 'LogAppendTime',
    'compression.type': 'producer',
    ...spec.configs,
  }
}
