import { AppError } from '@kafclaw/envelope'
import { describe, expect, it } from 'vitest'
import { judgeClock } from './clock.ts'
import { judgeCluster } from './cluster.ts'
import { isOurs } from './groups.ts'
import { judgeLag } from './lag.ts'
import { judgeListener, judgeUnreachable } from './listeners.ts'
import { judgeProbe } from './probe.ts'
import { judgeRoster } from './roster.ts'
import { judgeZone } from './zone.ts'

const NODE = { nodeId: 1, host: 'kafka-1.internal', port: 9092 }
const cluster = (clusterId: string) => ({ clusterId, controllerId: 1, brokers: [NODE], topics: [] })

describe('cluster and listeners', () => {
  it('refuses brokers of two clusters, naming who belongs to which', () => {
    const [a, b] = [
      { name: 'kafka-1:9092', metadata: cluster('one') },
      { name: 'kafka-2:9092', metadata: cluster('two') },
    ]
    expect(judgeCluster([a])).toMatchObject({ status: 'ok', name: 'one' })
    const verdict = judgeCluster([a, b])
    expect(verdict).toMatchObject({ status: 'failed', fault: 'settings' })
    expect(verdict.seen).toContain('kafka-2:9092: two')
  })

  it('finds an advertised address that does not lead to the broker, and says what to set', () => {
    expect(judgeListener(NODE, { expected: 'one', found: 'one' }).status).toBe('ok')
    const other = judgeListener(NODE, { expected: 'one', found: 'two' })
    const lost = judgeUnreachable(NODE, new AppError('KC_KAFKA_UNREACHABLE', 'no such name'))
    for (const verdict of [other, lost]) {
      expect(verdict).toMatchObject({ status: 'failed', name: 'broker 1', fault: 'connection' })
      expect(verdict).toMatchObject({ advice: expect.stringContaining('advertised.listeners') })
      expect(verdict.seen).toContain('kafka-1.internal:9092')
    }
  })
})

describe('zone and roster', () => {
  it('wants a zone record', () => {
    expect(judgeZone('acme/public', { partitions: 6, leaseMs: 12_000 }).seen).toContain('lease 12s')
    expect(judgeZone('acme/public', null)).toMatchObject({ status: 'failed', fault: 'group' })
  })

  it('counts nobody as live when the whole log is silent', () => {
    const roster = { live: ['agent-a'], known: 2, silentMs: 3_000, leaseMs: 12_000 }
    expect(judgeRoster('x', roster)).toMatchObject({ status: 'ok', seen: '1 of 2 live: agent-a' })
    expect(judgeRoster('x', { ...roster, silentMs: 7_200_000 })).toMatchObject({
      status: 'warning',
      seen: expect.stringContaining('2 h'),
    })
    expect(judgeRoster('x', { ...roster, live: [] }).status).toBe('warning')
    expect(judgeRoster('x', { ...roster, live: [], known: 0 }).status).toBe('warning')
  })
})

describe('lag', () => {
  const SKILL = 'group.acme.skill.ocr.requests'
  const lag = (fields: object) => [{ topic: SKILL, lag: 0, lost: 0, oldestMs: null, ...fields }]
  const serves = new Set([SKILL])
  const judge = (fields: object, members: string[] | null = ['c-1'], served = serves) =>
    judgeLag({ name: 'ocr-app', members, topics: lag(fields), serves: served })

  it('shows members and lag by topic', () => {
    expect(judge({ lag: 3, oldestMs: 4_000 })).toMatchObject({
      status: 'ok',
      seen: `1 member (c-1); ${SKILL} lag 3, the oldest waits 4 s`,
    })
  })

  it('fails when tasks that nobody else takes wait for a group without members', () => {
    expect(judge({ lag: 3, oldestMs: 4_000 }, [])).toMatchObject({ status: 'failed', fault: 'group' })
    expect(judge({ lag: 0 }, []).status).toBe('ok')
    expect(judge({ lag: 3, oldestMs: 4_000 }, [], new Set()).status).toBe('warning')
  })

  it('warns when they wait for long, and fails when they wait for too long', () => {
    expect(judge({ lag: 1, oldestMs: 29_999 }).status).toBe('ok')
    expect(judge({ lag: 1, oldestMs: 30_000 }).status).toBe('warning')
    expect(judge({ lag: 1, oldestMs: 600_000 }).status).toBe('failed')
    expect(judge({ lag: 1, oldestMs: 600_000 }, null, new Set()).status).toBe('warning')
  })

  it('fails when tasks were deleted before they were read', () => {
    expect(judge({ lost: 5 }).status).toBe('failed')
    expect(judge({ lost: 5 }, ['c'], new Set()).status).toBe('warning')
  })

  it.each([
    ['group.acme.work', 'group.acme.requests', true],
    ['group.acme.open', 'group.acme.dlq', true],
    ['group.acme.zone.lab.work', 'group.acme.zone.lab.requests', true],
    ['group.acme.zone.lab.open', 'group.acme.zone.lab.responses', true],
    ['group.acme.work', 'group.acme.zone.lab.requests', false],
    ['group.other.work', 'group.acme.requests', false],
    ['ocr-app', 'group.acme.requests', false],
  ])('tells the names of our services from those of others: %s on %s', (groupId, topic, expected) => {
    const committed = [{ topic, partition: 0, offset: 1 }]
    expect(isOurs({ groupId, committed }, 'acme')).toBe(expected)
  })
})

describe('probe and clock', () => {
  const made = (roundMs: number, { aheadMs = 0, spanMs = 2, isBrokerTime = true } = {}) => ({
    kind: 'made' as const,
    isBrokerTime,
    trips: [1, 2, 3].map(() => ({
      roundMs,
      ackMs: 1,
      sentAtMs: 1_000_000 + aheadMs - spanMs / 2,
      ackedAtMs: 1_000_000 + aheadMs + spanMs / 2,
      appendedAtMs: 1_000_000,
    })),
  })

  it('warns of round trips longer than the step between ranks', () => {
    expect(judgeProbe(made(149)).status).toBe('ok')
    expect(judgeProbe(made(151)).status).toBe('warning')
  })

  it('only warns when it may not use its topic, and says what to allow', () => {
    const denied = { kind: 'denied' as const, reason: 'This user may not use topic kafclaw.kshark.probe' }
    expect(judgeProbe(denied)).toMatchObject({ status: 'warning', advice: expect.stringContaining('--no-probe') })
    expect(judgeClock(denied).status).toBe('skipped')
  })

  it('tells how far the clock is off, never finer than it can know', () => {
    expect(judgeClock(made(1)).seen).toBe('as the brokers, within 2 ms')
    expect(judgeClock(made(1, { aheadMs: 1_500 }))).toMatchObject({
      status: 'ok',
      seen: '1 s ahead of the brokers, give or take 2 ms',
    })
    expect(judgeClock(made(1, { aheadMs: -5_000 }))).toMatchObject({ status: 'warning' })
    expect(judgeClock(made(1, { aheadMs: 5_000, spanMs: 8_000 }))).toMatchObject({ status: 'ok' })
    expect(judgeClock(made(1, { aheadMs: 3_700_000 }))).toMatchObject({ status: 'failed' })
    expect(judgeClock(made(1, { isBrokerTime: false })).status).toBe('skipped')
  })
})
