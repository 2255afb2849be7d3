import { decode, partitionFor, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { describe, expect, it, vi } from 'vitest'
import { connectGroup, type RunHandler } from '../src/index.ts'
import { createTestGroup, type TestGroup } from './group.ts'

const PATIENCE = { timeout: 15_000, interval: 20 }

function echo(name: string): RunHandler {
  return async (run) => ({ status: 'completed', content: `${name}: ${run.request.payload.content}` })
}

async function statuses(group: TestGroup, taskId: string) {
  const records = await readAll(group.log, [topicName(group.scope, 'tasks_status')])
  return records.flatMap((record) => {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'task_status') return []
    return decoded.envelope.correlation_id === taskId ? [decoded.envelope.payload] : []
  })
}

async function responses(group: TestGroup) {
  const records = await readAll(group.log, [topicName(group.scope, 'responses')])
  return records.map((record) => record.key?.toString())
}

/** What a member promises, on whichever log it works. */
export function describeMember(form: 'embedded' | 'kafka'): void {
  describe('a member', () => {
    it('claims, confirms from the log and answers a task', async () => {
      await using group = await createTestGroup(form)
      const member = group.start('agent-a', echo('a'))
      await member.whenReady()
      const asked = await group.client.ask({ payload: { content: 'hello' } })
      const outcome = await asked.outcome
      expect(outcome).toMatchObject({
        sender_id: 'agent-a',
        correlation_id: asked.taskId,
        causation_id: asked.envelope.id,
        payload: { status: 'completed', content: 'a: hello' },
      })
      const [claim] = await statuses(group, asked.taskId)
      expect(claim).toMatchObject({ status: 'claimed', attempt: 1, agent_id: 'agent-a', boot: 1, request: asked.place })
    })

    it('takes a task that was asked before it started', async () => {
      await using group = await createTestGroup(form)
      const asked = await group.client.ask({ payload: { content: 'early' } })
      group.start('agent-a', echo('a'))
      expect((await asked.outcome).payload.content).toBe('a: early')
    })

    it('leaves tasks of other skills and for other recipients alone', async () => {
      await using group = await createTestGroup(form)
      const member = group.start('agent-a', echo('a'))
      await member.whenReady()
      const other = await group.client.ask({ payload: { content: 'x', skill: 'invoice' } })
      const forOther = await group.client.ask({ payload: { content: 'y' }, recipientId: 'agent-b' })
      const own = await group.client.ask({ payload: { content: 'z' }, recipientId: 'agent-a' })
      await own.outcome
      expect(await statuses(group, other.taskId)).toEqual([])
      expect(await statuses(group, forOther.taskId)).toEqual([])
    })

    it('turns an error of its handler into a failed outcome with the code', async () => {
      await using group = await createTestGroup(form)
      group.start('agent-a', async () => {
        throw new TypeError('the tool is broken')
      })
      const asked = await group.client.ask({ payload: { content: 'x' } })
      expect((await asked.outcome).payload).toMatchObject({
        status: 'failed',
        error: { code: 'KC_RUN_FAILED', message: expect.stringContaining('the tool is broken') },
      })
    })

    it('answers with a small failure where its answer is too large for the wire', async () => {
      await using group = await createTestGroup(form)
      group.start('agent-a', async () => ({ status: 'completed', content: 'x'.repeat(400_000) }))
      const asked = await group.client.ask({ payload: { content: 'x' } })
      expect((await asked.outcome).payload).toMatchObject({
        status: 'failed',
        error: { code: 'KC_ENVELOPE_TOO_LARGE' },
      })
    })

    it('answers one task once, however often it was asked', async () => {
      await using group = await createTestGroup(form)
      let runs = 0
      const member = group.start('agent-a', async () => {
        runs++
        return { status: 'completed', content: 'once' }
      })
      await member.whenReady()
      const taskId = 'task_asked-often'
      const asked = await Promise.all([1, 2, 3].map((n) => group.client.ask({ taskId, payload: { content: `v${n}` } })))
      await asked[2]?.outcome
      const last = await group.client.ask({ payload: { content: 'after' } })
      await last.outcome
      expect((await responses(group)).filter((key) => key === taskId)).toHaveLength(1)
      expect(runs).toBe(2)
    })

    it('gives whoever asks again, on the same or another connection, the outcome that lies on the log', async () => {
      await using group = await createTestGroup(form)
      const member = group.start('agent-a', echo('a'))
      await member.whenReady()
      const taskId = 'task_asked-again'
      const first = await (await group.client.ask({ taskId, payload: { content: 'one' } })).outcome
      const later = { type: 'response', correlation_id: taskId, payload: { content: 'too late' } } as const
      await group.client.publish(later)
      const other = await connectGroup({ log: group.log, env: group.env, ...group.scope, senderId: 'other' })
      for (const client of [group.client, other]) {
        const asked = await client.ask({ taskId, payload: { content: 'two' } })
        expect(await asked.outcome).toEqual(first)
      }
      await other.close()
      expect(await statuses(group, taskId)).toHaveLength(1)
    })

    it.each([null, 'another key'])('gives whoever asks an answer that lies at home under the key %s', async (key) => {
      await using group = await createTestGroup(form)
      const taskId = 'task_by-hand'
      const asked = await group.client.ask({ taskId, payload: { content: 'one' } })
      const publisher = group.log.publisher()
      const body = { type: 'response', correlation_id: taskId, payload: { content: 'by hand' } }
      await publisher.publish([
        {
          topic: topicName(group.scope, 'responses'),
          partition: partitionFor(taskId, 6),
          key: key === null ? null : Buffer.from(key),
          value: Buffer.from(JSON.stringify(body)),
          headers: [],
        },
      ])
      await publisher.close()
      const first = await asked.outcome
      expect(first.payload.content).toBe('by hand')
      const other = await connectGroup({ log: group.log, env: group.env, ...group.scope, senderId: 'other' })
      expect(await (await other.ask({ taskId, payload: { content: 'two' } })).outcome).toEqual(first)
      await other.close()
    })

    it('puts a malformed record into the dead letters, with its bytes, and goes on with the good ones beside it', async () => {
      await using group = await createTestGroup(form)
      const member = group.start('agent-a', echo('a'))
      await member.whenReady()
      const publisher = group.log.publisher()
      const topic = topicName(group.scope, 'requests')
      const value = Buffer.from('{"type":"request","payload":{"content":1}}')
      const [place] = await publisher.publish([
        { topic, partition: 0, key: Buffer.from('k'), value, headers: [['own', Buffer.from('1')]] },
      ])
      const good = await group.client.ask({ payload: { content: 'good' } })
      await good.outcome
      await vi.waitFor(async () => {
        const [letter] = await readAll(group.log, [topicName(group.scope, 'dlq')])
        expect(letter?.key?.toString()).toBe(`${topic}/0/${place?.offset}`)
        expect(letter?.value?.equals(value)).toBe(true)
        expect(
          Object.fromEntries((letter?.headers ?? []).map(([name, text]) => [name, text.toString()])),
        ).toMatchObject({
          kc_dlq_code: 'KC_ENVELOPE_INVALID',
          kc_dlq_by: 'agent-a',
          own: '1',
        })
      }, PATIENCE)
      await publisher.close()
    })

    it('serves a request that has only type and payload, without a key', async () => {
      await using group = await createTestGroup(form)
      const member = group.start('agent-a', echo('a'))
      await member.whenReady()
      const publisher = group.log.publisher()
      await publisher.publish([
        {
          topic: topicName(group.scope, 'requests'),
          partition: 3,
          key: null,
          value: Buffer.from('{"type":"request","payload":{"content":"bare"}}'),
          headers: [],
        },
      ])
      await vi.waitFor(async () => {
        const records = await readAll(group.log, [topicName(group.scope, 'responses')])
        const [decoded] = records.map(decode)
        expect(decoded).toMatchObject({ kind: 'envelope', envelope: { payload: { content: 'a: bare' } } })
        const taskId = records[0]?.key?.toString() ?? ''
        expect(records[0]?.partition).toBe(partitionFor(taskId, 6))
      }, PATIENCE)
      await publisher.close()
    })

    it('gives its slot back while it waits for a child, so that a delegation to itself does not block', async () => {
      await using group = await createTestGroup(form)
      const handler: RunHandler = async (run) => {
        if (run.request.payload.depth > 0) return { status: 'completed', content: 'child' }
        const ask = { kind: 'delegation', name: 'ask', inputHash: '0'.repeat(64), effect: 'idempotent' } as const
        const { output } = await run.perform(ask, async ({ causationId }) => {
          const child = {
            taskId: `${run.taskId}-child`,
            recipientId: 'agent-a',
            payload: { content: 'sub' },
            causationId,
          }
          return { status: 'completed', output: (await run.ask(child)).payload.content }
        })
        return { status: 'completed', content: `parent of ${output}` }
      }
      group.start('agent-a', handler, { capacity: 1 })
      const asked = await group.client.ask({ payload: { content: 'x' } })
      expect((await asked.outcome).payload.content).toBe('parent of child')
    })

    it('works on no more tasks at once than it has slots', async () => {
      await using group = await createTestGroup(form)
      let running = 0
      let most = 0
      const member = group.start(
        'agent-a',
        async () => {
          most = Math.max(most, ++running)
          await new Promise((resolve) => setTimeout(resolve, 5))
          running--
          return { status: 'completed' }
        },
        { capacity: 3 },
      )
      await member.whenReady()
      const asked = await group.client.askAll(Array.from({ length: 30 }, () => ({ payload: { content: 'x' } })))
      await Promise.all(asked.map(({ outcome }) => outcome))
      expect(most).toBe(3)
    })

    it('aborts a run whose task was cancelled by somebody else', async () => {
      await using group = await createTestGroup(form)
      const aborted = Promise.withResolvers<unknown>()
      const member = group.start(
        'agent-a',
        (run) =>
          new Promise((_, reject) => {
            run.signal.addEventListener('abort', () => {
              aborted.resolve(run.signal.reason)
              reject(new Error('aborted'))
            })
          }),
      )
      await member.whenReady()
      const asked = await group.client.ask({ payload: { content: 'long' } })
      await vi.waitFor(async () => expect(await statuses(group, asked.taskId)).toHaveLength(1), PATIENCE)
      await group.client.publish({ type: 'response', correlation_id: asked.taskId, payload: { status: 'cancelled' } })
      expect(await aborted.promise).toMatch(/outcome/)
      expect((await asked.outcome).payload.status).toBe('cancelled')
    })
  })

  describe('a child', () => {
    it('ends when its parent is cancelled, wherever it runs', async () => {
      await using group = await createTestGroup(form)
      const started = Promise.withResolvers<void>()
      const stopped = Promise.withResolvers<unknown>()
      group.start('agent-b', async (run) => {
        started.resolve()
        await new Promise((resolve) => run.signal.addEventListener('abort', resolve))
        stopped.resolve(run.signal.reason)
        run.checkpoint()
        return { status: 'completed' }
      })
      const childId = 'task_child-of-cancelled'
      group.start('agent-a', async (run) => {
        const child = { taskId: childId, recipientId: 'agent-b', payload: { content: 'sub' }, causationId: run.runId }
        return { status: 'completed', content: (await run.ask(child)).payload.content }
      })
      const asked = await group.client.ask({ recipientId: 'agent-a', payload: { content: 'x' } })
      await started.promise
      await group.client.publish({ type: 'response', correlation_id: asked.taskId, payload: { status: 'cancelled' } })
      expect(await stopped.promise).toMatch(/asked for it/)
      await vi.waitFor(async () => {
        const outcomes = (await readAll(group.log, [topicName(group.scope, 'responses')])).flatMap((record) => {
          const decoded = decode(record)
          return decoded.kind === 'envelope' && decoded.envelope.type === 'response' ? [decoded.envelope] : []
        })
        const ofChild = outcomes.filter(({ correlation_id: taskId }) => taskId === childId)
        expect(ofChild).toMatchObject([{ payload: { status: 'cancelled' }, sender_id: 'agent-b' }])
      }, PATIENCE)
    })

    it('is not begun when its parent has ended before', async () => {
      await using group = await createTestGroup(form)
      let began = 0
      const member = group.start('agent-a', async () => {
        began++
        return { status: 'completed' }
      })
      await member.whenReady()
      const parent = 'task_ended-before'
      await group.client.publish({ type: 'response', correlation_id: parent, payload: { status: 'cancelled' } })
      // An answer of the same member shows that it has read so far.
      await (await group.client.ask({ payload: { content: 'x' } })).outcome
      const child = await group.client.ask({ payload: { content: 'sub', parent_task_id: parent, depth: 1 } })
      expect((await child.outcome).payload.status).toBe('cancelled')
      expect(began).toBe(1)
    })
  })

  describe('several members', () => {
    it('answer each task once and share the work', async () => {
      await using group = await createTestGroup(form)
      const done = new Map<string, number>()
      const names = ['agent-a', 'agent-b', 'agent-c']
      const members = names.map((name) =>
        group.start(name, async () => {
          done.set(name, (done.get(name) ?? 0) + 1)
          return { status: 'completed' }
        }),
      )
      await Promise.all(members.map((member) => member.whenReady()))
      const asked = await group.client.askAll(
        Array.from({ length: 150 }, (_, n) => ({ payload: { content: `task ${n}` } })),
      )
      await Promise.all(asked.map(({ outcome }) => outcome))
      const keys = await responses(group)
      expect(new Set(keys).size).toBe(150)
      expect(keys).toHaveLength(150)
      for (const name of names) expect(done.get(name) ?? 0).toBeGreaterThan(0)
    })

    it('hand a task over when its holder shuts down in the middle', async () => {
      await using group = await createTestGroup(form)
      const started = Promise.withResolvers<void>()
      const first = group.start('agent-a', async (run) => {
        started.resolve()
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 10))
          run.checkpoint()
        }
      })
      await first.whenReady()
      const asked = await group.client.ask({ payload: { content: 'x' } })
      await started.promise
      const second = group.start('agent-b', echo('b'))
      await second.whenReady()
      await first.stop()
      expect((await asked.outcome).payload.content).toBe('b: x')
      const kinds = (await statuses(group, asked.taskId)).map(({ status, reason }) =>
        reason ? `${status} ${reason}` : status,
      )
      expect(kinds).toEqual(['claimed', 'released shutdown', 'claimed'])
    })

    it('take over the task of one that is gone for good, after its lease', async () => {
      await using group = await createTestGroup(form)
      const lost = group.start('agent-a', () => new Promise(() => undefined))
      await lost.whenReady()
      const other = group.start('agent-b', echo('b'), { skills: [{ name: 'other' }] })
      await other.whenReady()
      const asked = await group.client.ask({ payload: { content: 'x' } })
      await vi.waitFor(async () => expect(await statuses(group, asked.taskId)).toHaveLength(1), PATIENCE)
      await lost.abandon()
      await other.stop()
      group.start('agent-c', echo('c'))
      expect((await asked.outcome).payload.content).toBe('c: x')
    })
  })

  describe('a member after a restart', () => {
    it('takes its own run up at once as the next attempt', async () => {
      await using group = await createTestGroup(form)
      const first = group.start('agent-a', () => new Promise(() => undefined))
      await first.whenReady()
      const asked = await group.client.ask({ payload: { content: 'x' } })
      await vi.waitFor(async () => expect(await statuses(group, asked.taskId)).toHaveLength(1), PATIENCE)
      await first.abandon()
      group.start('agent-a', async (run) => ({ status: 'completed', content: `attempt ${run.attempt}` }))
      expect((await asked.outcome).payload.content).toBe('attempt 2')
      expect(await statuses(group, asked.taskId)).toMatchObject([
        { attempt: 1, boot: 1 },
        { attempt: 2, boot: 2 },
      ])
    })

    it('is replaced by a newer boot of the same agent that runs elsewhere', async () => {
      await using group = await createTestGroup(form)
      const first = group.start('agent-a', echo('old'))
      await first.whenReady()
      const { openDatabase } = await import('@kafclaw/storage')
      const second = group.start('agent-a', echo('new'), { db: openDatabase(':memory:', 'state') })
      await second.whenReady()
      expect(await first.ended).toMatchObject({ reason: 'replaced', boot: 2 })
      const asked = await group.client.ask({ payload: { content: 'x' } })
      expect((await asked.outcome).payload.content).toBe('new: x')
    })
  })
}
