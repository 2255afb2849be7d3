import { decode, type TaskStatusPayload, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import type { RunHandler } from '@kafclaw/runtime'
import { createTestGroup, type TestForm, type TestGroup } from '@kafclaw/runtime/testing'
import { expect, it } from 'vitest'
import { createOrchestrator } from '../src/service.ts'

async function startOrchestrator(group: TestGroup, agentId: string): Promise<{ stop(): Promise<void> }> {
  const service = group.own(createOrchestrator(group.host, agentId))
  await service.whenReady()
  return service
}

async function statusesOf({ host, scope }: TestGroup, taskId: string): Promise<TaskStatusPayload[]> {
  const records = await readAll(host.log, [topicName(scope, 'tasks_status')])
  return records.flatMap((record) => {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'task_status') return []
    return decoded.envelope.correlation_id === taskId ? [decoded.envelope.payload] : []
  })
}

const done: RunHandler = async () => ({ status: 'completed' })

/** What an orchestrator does for its zone, and what goes on without it. */
export function describeOrchestrator(form: TestForm): void {
  it('assigns a task to an agent that has the skill, and that agent claims it', async () => {
    await using group = await createTestGroup(form, { leaseMs: 2000 })
    await group.agent('agent-a', done)
    await group.agent('agent-b', done)
    await startOrchestrator(group, 'orchestrator')
    const asked = await group.client.ask({ payload: { content: 'x' } })
    const outcome = await asked.outcome
    const [assigned, claimed] = await statusesOf(group, asked.taskId)
    expect(assigned).toMatchObject({ status: 'assigned', attempt: 1, agent_id: outcome.sender_id })
    expect(claimed).toMatchObject({ status: 'claimed', attempt: 1, agent_id: outcome.sender_id })
  })

  it('deals tasks out by free slots', async () => {
    await using group = await createTestGroup(form, { leaseMs: 2000 })
    const slow: RunHandler = (run) =>
      new Promise((resolve) => {
        run.signal.addEventListener('abort', () => resolve({ status: 'failed' }))
        setTimeout(() => resolve({ status: 'completed' }), 300)
      })
    await group.agent('agent-a', slow, { capacity: 1 })
    await group.agent('agent-b', slow, { capacity: 5 })
    await startOrchestrator(group, 'orchestrator')
    const asked = await group.client.askAll(Array.from({ length: 6 }, () => ({ payload: { content: 'x' } })))
    const outcomes = await Promise.all(asked.map(({ outcome }) => outcome))
    const byA = outcomes.filter(({ sender_id }) => sender_id === 'agent-a').length
    expect(byA).toBeGreaterThanOrEqual(1)
    expect(byA).toBeLessThanOrEqual(2)
  })

  it('is not missed: after its end agents take tasks by themselves', async () => {
    await using group = await createTestGroup(form, { leaseMs: 2000 })
    await group.agent('agent-a', done)
    const orchestrator = await startOrchestrator(group, 'orchestrator')
    await (await group.client.ask({ payload: { content: 'with' } })).outcome
    await orchestrator.stop()
    const asked = await group.client.ask({ payload: { content: 'without' } })
    await asked.outcome
    expect((await statusesOf(group, asked.taskId)).map(({ status }) => status)).toEqual(['claimed'])
  })

  it('may be doubled: one of the two assigns, and each task is answered once', async () => {
    await using group = await createTestGroup(form, { leaseMs: 2000 })
    await group.agent('agent-a', done)
    await startOrchestrator(group, 'orchestrator')
    await startOrchestrator(group, 'orchestrator-2')
    const asked = await group.client.askAll(Array.from({ length: 20 }, () => ({ payload: { content: 'x' } })))
    const outcomes = await Promise.all(asked.map(({ outcome }) => outcome))
    expect(outcomes.every(({ payload }) => payload.status === 'completed')).toBe(true)
  })

  it('assigns anew after a lease in which the assigned agent did not claim', async () => {
    await using group = await createTestGroup(form, { leaseMs: 2000 })
    const gone = await group.agent('agent-a', done)
    await startOrchestrator(group, 'orchestrator')
    // It ends without a word: for a lease the roster still counts it as live, with the most free slots.
    await gone.abandon()
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await group.agent('agent-b', done, { capacity: 1 })
    expect((await asked.outcome).sender_id).toBe('agent-b')
  })
}
