import { describe, expect, it } from 'vitest'
import { parseTopicName, topicName } from './topic-name.ts'
import { TOPICS, type TopicKind, topicConfigs } from './topics.ts'

const KINDS = Object.values(TOPICS).map(({ kind }) => kind)

describe('topic names', () => {
  it.each(KINDS)('names %s and takes the name apart again, in the public zone and in another', (kind) => {
    for (const zone of ['public', 'finance']) {
      const skill = kind === 'skill_requests' ? 'memory.recall' : undefined
      const name = topicName({ group: 'acme', zone }, kind, skill)
      expect(parseTopicName(name)).toEqual({
        group: 'acme',
        zone: TOPICS[kind].scope === 'group' ? 'public' : zone,
        kind,
        skill: skill ?? null,
      })
    }
  })

  it.each([
    ['requests', 'public', undefined, 'group.acme.requests'],
    ['tasks_status', 'finance', undefined, 'group.acme.zone.finance.tasks.status'],
    ['control_zones', 'finance', undefined, 'group.acme.control.zones'],
    ['skill_requests', 'public', 'memory.recall', 'group.acme.skill.memory.recall.requests'],
    ['skill_requests', 'finance', 'requests', 'group.acme.zone.finance.skill.requests.requests'],
  ] as const)('%s in zone %s for skill %s is %s...', (kind, zone, skill, name) => {
    expect(topicName({ group: 'acme', zone }, kind, skill)).toBe(name)
  })

  it.each([
    'orders',
    'group.acme',
    'group.acme.',
    'group.acme.orders',
    'group.Acme.requests',
    'group..requests',
    'group.acme.zone.public.requests',
    'group.acme.zone.finance.control.zones',
    'group.acme.zone..requests',
    'group.acme.skill.requests',
    'group.acme.skill..requests',
    'group.acme.skill.a..b.requests',
    'group.acme.requests.more',
    ' group.acme.requests',
    'group.acme.requests\n',
  ])('knows that "%s" is no topic of a group', (name) => {
    expect(parseTopicName(name)).toBeNull()
  })

  it('refuses to build a name from what is no name', () => {
    expect(() => topicName({ group: 'a.b', zone: 'public' }, 'requests')).toThrow(/a\.b/)
    expect(() => topicName({ group: 'acme', zone: 'Public' }, 'requests')).toThrow(/Public/)
    expect(() => topicName({ group: 'acme', zone: 'public' }, 'skill_requests')).toThrow(/skill/)
    expect(() => topicName({ group: 'acme', zone: 'public' }, 'skill_requests', '../x')).toThrow(/skill/)
  })

  it('fits every name into the 249 characters that Kafka allows', () => {
    const segment = 'x'.repeat(63)
    const skill = 'y'.repeat(63).concat('.', 'z'.repeat(31))
    expect(topicName({ group: segment, zone: segment }, 'skill_requests', skill)).toHaveLength(249)
    expect(() => topicName({ group: segment, zone: segment }, 'skill_requests', `${skill}z`)).toThrow()
  })

  it('hands out an address that the caller may change', () => {
    const address = parseTopicName('group.acme.requests')
    if (address) address.group = 'evil'
    expect(parseTopicName('group.acme.requests')?.group).toBe('acme')
  })
})

describe('topic table', () => {
  it.each([
    ['requests', { 'cleanup.policy': 'delete', 'retention.ms': '604800000' }],
    ['responses', { 'cleanup.policy': 'delete', 'retention.ms': '1209600000' }],
    ['observe_audit', { 'cleanup.policy': 'delete', 'retention.ms': '-1' }],
    ['announce', { 'cleanup.policy': 'compact', 'segment.ms': '60000', 'min.cleanable.dirty.ratio': '0.1' }],
  ] satisfies Array<[TopicKind, Record<string, string>]>)('creates %s with its own settings', (kind, configs) => {
    expect(topicConfigs(kind)).toMatchObject(configs)
  })

  it.each(KINDS)('lets the broker date %s and leaves compression to the producer', (kind) => {
    expect(topicConfigs(kind)).toMatchObject({
      'message.timestamp.type': 'LogAppendTime',
      'compression.type': 'producer',
    })
  })

  it('gives announce one partition, because absence is an order among all beats', () => {
    expect(TOPICS.announce.partitions).toBe(1)
  })
})
