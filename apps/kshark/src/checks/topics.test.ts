import type { TopicDescription, TopicMetadata } from '@kafclaw/kafka'
import { plannedTopics } from '@kafclaw/runtime'
import { expect, it } from 'vitest'
import type { Verdict } from '../finding.ts'
import { judgeTopics, judgeUnknown } from './topics.ts'

const SCOPE = { group: 'acme', zone: 'public' }
const planned = plannedTopics(SCOPE)
const REQUESTS = 'group.acme.requests'

interface Changes {
  configs?: Record<string, string>
  partitions?: number
  replicationFactor?: number
  leader?: number
  inSync?: number
  brokers?: number
}

/** The verdicts on a cluster where everything is right but `requests`, which has these changes. */
function judgeWith(changes: Changes): Verdict[] {
  const { brokers = 3, replicationFactor = 3, leader = 1, inSync = replicationFactor } = changes
  const described = planned.map(({ name, partitions, configs }): TopicDescription => {
    const all = { ...configs, 'min.insync.replicas': String(Math.min(2, replicationFactor)) }
    const own = { name, partitions, replicationFactor, configs: all }
    if (name !== REQUESTS) return own
    return { ...own, partitions: changes.partitions ?? partitions, configs: { ...all, ...changes.configs } }
  })
  const metadata = planned.map(({ name, partitions }): TopicMetadata => {
    const isChanged = name === REQUESTS
    const entry = { errorCode: 0, leader: isChanged ? leader : 1, replicas: replicationFactor }
    const all = Array.from({ length: partitions }, (_, partition) => ({
      ...entry,
      partition,
      inSync: isChanged ? inSync : replicationFactor,
    }))
    return { topic: name, errorCode: 0, partitions: all }
  })
  return judgeTopics(SCOPE, { planned, described, metadata, brokers })
}

it('is one line when all topics are as the table says', () => {
  expect(judgeWith({})).toEqual([
    {
      status: 'ok',
      name: 'group.acme.*',
      seen: `${planned.length} topics of zone public as the table says, replication 3`,
    },
  ])
})

it.each<[string, Changes, string]>([
  ['fewer partitions', { partitions: 3 }, 'has 3 partitions, must have 6'],
  ['another retention', { configs: { 'retention.ms': '1000' } }, 'retention.ms is 1000, must be 604800000'],
  ['another cleanup', { configs: { 'cleanup.policy': 'compact' } }, 'cleanup.policy is compact, must be delete'],
  [
    'times of the producer',
    { configs: { 'message.timestamp.type': 'CreateTime' } },
    'message.timestamp.type is CreateTime, must be LogAppendTime',
  ],
  ['more in-sync replicas than there are', { configs: { 'min.insync.replicas': '4' } }, 'no write succeeds'],
  ['no leader', { leader: -1 }, 'has no leader now'],
  ['room for small records only', { configs: { 'max.message.bytes': '1000' } }, 'max.message.bytes 1000'],
])('fails for a topic with %s, naming it', (_what, changes, reason) => {
  const [right, wrong, ...more] = judgeWith(changes)
  expect(more).toEqual([])
  expect(right?.status).toBe('ok')
  expect(wrong).toMatchObject({
    status: 'failed',
    name: REQUESTS,
    fault: 'group',
    seen: expect.stringContaining(reason),
  })
})

it.each<[string, Changes, string]>([
  ['another compression', { configs: { 'compression.type': 'gzip' } }, 'compression.type is gzip'],
  ['one broker that stops writes', { configs: { 'min.insync.replicas': '3' } }, 'one broker away stops writes'],
  ['writes on one broker', { configs: { 'min.insync.replicas': '1' } }, 'on one broker only'],
  ['replicas behind', { inSync: 2 }, 'are behind'],
])('warns of a topic with %s', (_what, changes, reason) => {
  expect(judgeWith(changes).slice(1)).toMatchObject([
    { status: 'warning', name: REQUESTS, seen: expect.stringContaining(reason) },
  ])
})

it('warns of replication below what the brokers could give, and of none on one broker', () => {
  expect(judgeWith({ replicationFactor: 1, brokers: 3 }).map(({ status }) => status)).toContain('warning')
  expect(judgeWith({ replicationFactor: 1, brokers: 1 }).map(({ status }) => status)).toEqual(['ok'])
})

it('is one line when the group is not there at all', () => {
  expect(judgeTopics(SCOPE, { planned, described: [], metadata: [], brokers: 1 })).toMatchObject([
    { status: 'failed', fault: 'group', advice: expect.stringContaining('kafclaw topics apply') },
  ])
})

it('names topics under the prefix that are none of ours, and no others', () => {
  const names = ['group.acme.requests', 'group.acme.zone.east.requests', 'group.acme.reqests', 'group.acmes.x', 'other']
  expect(judgeUnknown(names, SCOPE)).toMatchObject([{ status: 'warning', name: 'group.acme.reqests' }])
})
