import { offsetGroupName, topicName } from '@kafclaw/envelope'
import { type Log, type LogBatch, readAll } from '@kafclaw/kafka'
import { createMetrics } from '@kafclaw/telemetry'
import { describe, expect, it, vi } from 'vitest'
import type { RunHandler } from '../src/index.ts'
import { createTestGroup, type TestGroup } from './group.ts'

const PATIENCE = { timeout: 20_000, interval: 20 }
const OFTEN = { groupOffsetTimes: { bookmarkMs: 100, workMs: 100 } }

const echo: RunHandler = async (run) => ({ status: 'completed', content: run.request.payload.content })

function committed(group: TestGroup, purpose: 'open' | 'work', kind: 'requests' | 'responses' = 'requests') {
  return group.log.groupOffsets(offsetGroupName(group.scope, purpose), [topicName(group.scope, kind)])
}

async function sumOf(offsets: Promise<ReadonlyArray<{ offset: number }>>): Promise<number> {
  return (await offsets).reduce((sum, { offset }) => sum + offset, 0)
}

function askShortLived(group: TestGroup, content: string, livesMs = 2500) {
  const expiresAt = new Date(group.env.now() + livesMs).toISOString()
  return group.client.ask({ payload: { content }, expiresAt })
}

async function askMany(group: TestGroup, count: number) {
  const asked = await Promise.all(
    Array.from({ length: count }, (_, index) => askShortLived(group, `task ${index}`, 8000)),
  )
  await Promise.all(asked.map(({ outcome }) => outcome))
}

/** The same log, with what its readers hand on counted by topic. */
function counting(log: Log): { log: Log; read: Map<string, number> } {
  const read = new Map<string, number>()
  const count = (batches: readonly LogBatch[]) => {
    for (const { topic, records } of batches) read.set(topic, (read.get(topic) ?? 0) + records.length)
  }
  return {
    read,
    log: {
      ...log,
      read: (options) =>
        log.read({
          ...options,
          onBatch(batches) {
            count(batches)
            return options.onBatch(batches)
          },
        }),
    },
  }
}

/** What the services of a zone commit for newcomers and for tools outside, on whichever log they work. */
export function describeGroupOffsets(form: 'embedded' | 'kafka'): void {
  describe('the bookmark of a zone', () => {
    it('spares a newcomer what is over, and no request that is not', async () => {
      await using group = await createTestGroup(form)
      const first = group.start('agent-a', echo, OFTEN)
      await first.whenReady()
      await askMany(group, 200)
      await vi.waitFor(async () => expect(await sumOf(committed(group, 'open'))).toBe(200), PATIENCE)
      expect(await sumOf(committed(group, 'open', 'responses'))).toBe(200)
      await first.stop()

      const late = await group.client.ask({ payload: { content: 'after the bookmark' } })
      const runs: string[] = []
      const { log, read } = counting(group.log)
      const newcomer = group.start(
        'agent-b',
        async (run) => {
          runs.push(run.request.payload.content)
          return echo(run)
        },
        { ...OFTEN, log },
      )
      await newcomer.whenReady()
      expect((await late.outcome).sender_id).toBe('agent-b')
      await newcomer.stop()
      expect(runs).toEqual(['after the bookmark'])
      expect(read.get(topicName(group.scope, 'requests'))).toBe(1)
      expect(read.get(topicName(group.scope, 'responses')) ?? 0).toBeLessThanOrEqual(1)
      const answers = await readAll(group.log, [topicName(group.scope, 'responses')])
      expect(answers).toHaveLength(201)
    })

    it('stays before a request that has no outcome or has not passed its life', async () => {
      await using group = await createTestGroup(form)
      const held = Promise.withResolvers<void>()
      const holding: RunHandler = async (run) => {
        if (run.request.payload.content === 'held') await held.promise
        return echo(run)
      }
      await group.start('agent-a', holding, OFTEN).whenReady()
      const over = await askShortLived(group, 'over')
      await over.outcome
      await vi.waitFor(async () => expect(await sumOf(committed(group, 'open'))).toBe(1), PATIENCE)

      const open = await askShortLived(group, 'held', 600_000)
      const next = await askShortLived(group, 'next')
      await next.outcome
      // The lag shows that the service has gone on committing: the bookmark could have moved by now.
      const clockMs = group.env.now()
      await vi.waitFor(() => expect(group.env.now()).toBeGreaterThan(clockMs + 4000), PATIENCE)
      expect(await sumOf(committed(group, 'open'))).toBe(1)
      held.resolve()
      await open.outcome
      await vi.waitFor(() => expect(group.env.now()).toBeGreaterThan(clockMs + 5000), PATIENCE)
      expect(await sumOf(committed(group, 'open'))).toBe(1)
    })

    it('is committed by one service, and an orchestrator does so before all others', async () => {
      await using group = await createTestGroup(form)
      const writers = new Set<string>()
      const observed = (name: string): Log => ({
        ...group.log,
        commitGroupOffsets(groupName, offsets) {
          writers.add(name)
          return group.log.commitGroupOffsets(groupName, offsets)
        },
      })
      const orchestrator = { role: 'orchestrator' as const, skills: [], readsAllSkills: true }
      await group.start('adviser', echo, { ...OFTEN, ...orchestrator, log: observed('adviser') }).whenReady()
      await group.start('agent-a', echo, { ...OFTEN, log: observed('agent-a') }).whenReady()
      const over = await askShortLived(group, 'over')
      await over.outcome
      await vi.waitFor(async () => expect(await sumOf(committed(group, 'open'))).toBe(1), PATIENCE)
      await vi.waitFor(async () => expect(await sumOf(committed(group, 'work'))).toBe(1), PATIENCE)
      expect([...writers]).toEqual(['adviser'])
    })
  })

  describe('the lag for tools outside', () => {
    it('begins at the first request that is neither claimed nor ended', async () => {
      await using group = await createTestGroup(form)
      const metrics = createMetrics()
      await group.start('agent-a', echo, { ...OFTEN, metrics }).whenReady()
      const done = await group.client.ask({ payload: { content: 'done' } })
      await done.outcome
      await vi.waitFor(async () => expect(await sumOf(committed(group, 'work'))).toBe(1), PATIENCE)

      const waiting = await group.client.ask({ payload: { content: 'nobody can', skill: 'invoice' } })
      const after = await group.client.ask({ payload: { content: 'done too' } })
      await after.outcome
      const { partition, offset } = waiting.place
      await vi.waitFor(async () => {
        const ends = await group.log.offsets([topicName(group.scope, 'requests')])
        const expected = ends.map((range) => ({
          topic: range.topic,
          partition: range.partition,
          offset: range.partition === partition ? offset : range.end,
        }))
        const found = await committed(group, 'work')
        expect(found.toSorted((a, b) => a.partition - b.partition)).toEqual(expected)
      }, PATIENCE)
      const age = async () =>
        Number(/^kafclaw_oldest_unclaimed_request_seconds(?:{[^}]*})? (\S+)$/m.exec(await metrics.text())?.[1])
      await vi.waitFor(async () => expect(await age()).toBeGreaterThan(0), PATIENCE)
      expect(await age()).toBeLessThan(60)

      const skills = [{ name: 'chat' }, { name: 'invoice' }]
      await group.start('agent-b', echo, { ...OFTEN, skills }).whenReady()
      await waiting.outcome
      await vi.waitFor(async () => expect(await sumOf(committed(group, 'work'))).toBe(3), PATIENCE)
      await vi.waitFor(async () => expect(await age()).toBe(0), PATIENCE)
    })
  })
}
