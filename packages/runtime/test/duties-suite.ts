import { formatPlace, lastHeader, partitionFor, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { describe, expect, it, vi } from 'vitest'
import type { RunHandler } from '../src/index.ts'
import { createTestGroup, type TestGroup } from './group.ts'

const PATIENCE = { timeout: 20_000, interval: 50 }
const echo: RunHandler = async (run) => ({ status: 'completed', content: run.request.payload.content })
const SKILL_OF_NOBODY = 'nobody.has.this'

async function startThree(group: TestGroup): Promise<void> {
  const members = ['agent-a', 'agent-b', 'agent-c'].map((name) => group.start(name, echo))
  await Promise.all(members.map((member) => member.whenReady()))
}

async function publish(group: TestGroup, kind: 'requests' | 'responses', value: object | string, partition = 0) {
  const publisher = group.log.publisher()
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const [place] = await publisher.publish([
    { topic: topicName(group.scope, kind), partition, key: null, value: Buffer.from(text), headers: [] },
  ])
  await publisher.close()
  if (!place) throw new Error('no place')
  return place
}

/** What any service could write is written once, whoever does it. */
export function describeDuties(form: 'embedded' | 'kafka'): void {
  describe('what any service could write', () => {
    it('is a dead letter for each bad record, and none more by one who reads it later', async () => {
      await using group = await createTestGroup(form)
      await startThree(group)
      const places: string[] = []
      for (let index = 0; index < 5; index++)
        places.push(formatPlace(await publish(group, 'requests', `{ broken ${index}`, index % 3)))
      const letters = async () =>
        (await readAll(group.log, [topicName(group.scope, 'dlq')])).map(({ key }) => key?.toString())
      await vi.waitFor(
        async () => expect([...new Set(await letters())].toSorted()).toEqual(places.toSorted()),
        PATIENCE,
      )
      const before = (await letters()).length
      const late = group.start('agent-d', echo)
      await late.whenReady()
      const asked = await group.client.ask({ payload: { content: 'after' } })
      await asked.outcome
      expect(await letters()).toHaveLength(before)
    })

    it('is a copy home of an answer that lies in the wrong partition, and the copy counts', async () => {
      await using group = await createTestGroup(form)
      await startThree(group)
      const asked = await group.client.ask({ payload: { content: 'x', skill: SKILL_OF_NOBODY } })
      const elsewhere = (partitionFor(asked.taskId, 6) + 1) % 6
      const answer = {
        type: 'response',
        sender_id: 'foreigner',
        correlation_id: asked.taskId,
        payload: { content: 'from afar' },
      }
      await publish(group, 'responses', answer, elsewhere)
      const outcome = await asked.outcome
      expect(outcome).toMatchObject({ sender_id: 'foreigner', payload: { status: 'completed', content: 'from afar' } })
      expect(outcome.causation_id).not.toBeNull()
      const records = await readAll(group.log, [topicName(group.scope, 'responses')])
      const copies = records.filter(({ key }) => key?.toString() === asked.taskId)
      expect(copies.map(({ partition }) => partition)).toContain(partitionFor(asked.taskId, 6))
    })

    it('is a copy home of an answer that names its request by place', async () => {
      await using group = await createTestGroup(form)
      await startThree(group)
      const asked = await group.client.ask({ payload: { content: 'x', skill: SKILL_OF_NOBODY } })
      await publish(
        group,
        'responses',
        { type: 'response', payload: { content: 'reply', in_reply_to: formatPlace(asked.place) } },
        2,
      )
      expect((await asked.outcome).payload).toMatchObject({ status: 'completed', content: 'reply' })
    })

    it('is the outcome of a task whose deadline has passed and that nobody could run', async () => {
      await using group = await createTestGroup(form)
      await startThree(group)
      const expiresAt = new Date(Date.now() + 1000).toISOString()
      const asked = await group.client.ask({ expiresAt, payload: { content: 'x', skill: SKILL_OF_NOBODY } })
      expect((await asked.outcome).payload).toMatchObject({ status: 'expired', error: { code: 'KC_TASK_EXPIRED' } })
    })

    it('is the failure of a task whose attempts came no further three times in a row, with its request in the dead letters', async () => {
      await using group = await createTestGroup(form)
      await startThree(group)
      const asked = await group.client.ask({ payload: { content: 'x', skill: SKILL_OF_NOBODY } })
      const run = { agent_id: 'agent-x', run_id: 'run-x', boot: 4, attempt: 3 }
      const claimed = { ...run, status: 'claimed', request: asked.place, fruitless: 2 } as const
      await group.client.publish({ type: 'task_status', correlation_id: asked.taskId, payload: claimed })
      const released = { ...run, status: 'released', reason: 'error' } as const
      await group.client.publish({ type: 'task_status', correlation_id: asked.taskId, payload: released })
      const able = group.start('agent-e', echo, { skills: [{ name: SKILL_OF_NOBODY }] })
      await able.whenReady()
      expect((await asked.outcome).payload).toMatchObject({ status: 'failed', error: { code: 'KC_TASK_EXHAUSTED' } })
      await vi.waitFor(async () => {
        const [letter] = await readAll(group.log, [topicName(group.scope, 'dlq')])
        expect(letter?.key?.toString()).toBe(formatPlace(asked.place))
        const attempts = lastHeader(letter?.headers ?? [], 'kc_dlq_attempts')?.toString() ?? '{}'
        const last = { run_id: 'run-x', agent_id: 'agent-x', boot: 4, ended: 'error' }
        expect(JSON.parse(attempts)).toEqual({ attempts: 3, fruitless: 3, last })
      }, PATIENCE)
    })

    it('is the rejection of a malformed request whose task can be read, and never of a task that was asked for well', async () => {
      await using group = await createTestGroup(form)
      await startThree(group)
      const well = await group.client.ask({ payload: { content: 'x', skill: SKILL_OF_NOBODY } })
      const malformed = (taskId: string): object => ({
        type: 'request',
        correlation_id: taskId,
        payload: { content: 7 },
      })
      await publish(group, 'requests', malformed(well.taskId))
      await publish(group, 'requests', malformed('task_malformed'))
      await vi.waitFor(async () => {
        const records = await readAll(group.log, [topicName(group.scope, 'responses')])
        const [rejected] = records.filter(({ key }) => key?.toString() === 'task_malformed')
        expect(JSON.parse(rejected?.value?.toString() ?? '{}')).toMatchObject({
          payload: { status: 'rejected', error: { code: 'KC_ENVELOPE_INVALID' } },
        })
        expect(records.some(({ key }) => key?.toString() === well.taskId)).toBe(false)
      }, PATIENCE)
    })
  })
}
