import { createSystemEnv } from '@kafclaw/env'
import { decode, type TaskStatusPayload, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import {
  applyTopics,
  connectGroup,
  type GroupClient,
  type Host,
  type Member,
  openHost,
  openMember,
  type RunHandler,
  readSettings,
} from '@kafclaw/runtime'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { sharedBrokers, tempDir, uniqueName } from '@kafclaw/testing'
import { expect, it } from 'vitest'
import { createOrchestrator } from '../src/service.ts'

const LEASE_MS = 2000

interface TestZone extends AsyncDisposable {
  client: GroupClient
  agent(agentId: string, handler?: RunHandler, capacity?: number): Promise<Member>
  orchestrator(agentId: string): Promise<{ stop(): Promise<void> }>
  statuses(taskId: string): Promise<TaskStatusPayload[]>
}

async function createZone(form: 'embedded' | 'kafka'): Promise<TestZone> {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(await tempDir())
  const group = uniqueName('orch')
  const { values: settings } = readSettings({
    KAFCLAW_GROUP: group,
    KAFCLAW_DATA_DIR: folder.path,
    ...(form === 'kafka' ? { KAFCLAW_KAFKA_BROKERS: sharedBrokers().join(',') } : {}),
  })
  const env = createSystemEnv()
  const logger = createLogger({ service: 'test', level: 'silent' })
  const host: Host = stack.use(openHost({ env, logger, metrics: noMetrics(), settings, clientId: 'test' }))
  const scope = { group, zone: 'public' }
  await applyTopics({ log: host.log, env, scope, senderId: 'test', leaseMs: LEASE_MS })
  const client = await connectGroup({ log: host.log, env, ...scope, senderId: 'test' })
  stack.defer(() => client.close())
  return {
    client,
    async agent(agentId, handler = async () => ({ status: 'completed', content: agentId }), capacity = 4) {
      const member = openMember(host, {
        agentId,
        role: 'agent',
        skills: [{ name: 'chat' }],
        capacity,
        createHandler: () => handler,
      })
      stack.defer(() => member.stop())
      await member.whenReady()
      return member
    },
    async orchestrator(agentId) {
      const service = createOrchestrator(host, agentId)
      stack.defer(() => service.stop())
      await service.whenReady()
      return service
    },
    async statuses(taskId) {
      const records = await readAll(host.log, [topicName(scope, 'tasks_status')])
      return records.flatMap((record) => {
        const decoded = decode(record)
        if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'task_status') return []
        return decoded.envelope.correlation_id === taskId ? [decoded.envelope.payload] : []
      })
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** What an orchestrator does for its zone, and what goes on without it. */
export function describeOrchestrator(form: 'embedded' | 'kafka'): void {
  it('assigns a task to an agent that has the skill, and that agent claims it', async () => {
    await using zone = await createZone(form)
    await zone.agent('agent-a')
    await zone.agent('agent-b')
    await zone.orchestrator('orchestrator')
    const asked = await zone.client.ask({ payload: { content: 'x' } })
    const outcome = await asked.outcome
    const [assigned, claimed] = await zone.statuses(asked.taskId)
    expect(assigned).toMatchObject({ status: 'assigned', attempt: 1, agent_id: outcome.sender_id })
    expect(claimed).toMatchObject({ status: 'claimed', attempt: 1, agent_id: outcome.sender_id })
  })

  it('deals tasks out by free slots', async () => {
    await using zone = await createZone(form)
    const slow: RunHandler = (run) =>
      new Promise((resolve) => {
        run.signal.addEventListener('abort', () => resolve({ status: 'failed' }))
        setTimeout(() => resolve({ status: 'completed' }), 300)
      })
    await zone.agent('agent-a', slow, 1)
    await zone.agent('agent-b', slow, 5)
    await zone.orchestrator('orchestrator')
    const asked = await zone.client.askAll(Array.from({ length: 6 }, () => ({ payload: { content: 'x' } })))
    const outcomes = await Promise.all(asked.map(({ outcome }) => outcome))
    const byA = outcomes.filter(({ sender_id }) => sender_id === 'agent-a').length
    expect(byA).toBeGreaterThanOrEqual(1)
    expect(byA).toBeLessThanOrEqual(2)
  })

  it('is not missed: after its end agents take tasks by themselves', async () => {
    await using zone = await createZone(form)
    await zone.agent('agent-a')
    const orchestrator = await zone.orchestrator('orchestrator')
    await (await zone.client.ask({ payload: { content: 'with' } })).outcome
    await orchestrator.stop()
    const asked = await zone.client.ask({ payload: { content: 'without' } })
    await asked.outcome
    expect((await zone.statuses(asked.taskId)).map(({ status }) => status)).toEqual(['claimed'])
  })

  it('may be doubled: one of the two assigns, and each task is answered once', async () => {
    await using zone = await createZone(form)
    await zone.agent('agent-a')
    await zone.orchestrator('orchestrator')
    await zone.orchestrator('orchestrator-2')
    const asked = await zone.client.askAll(Array.from({ length: 20 }, () => ({ payload: { content: 'x' } })))
    const outcomes = await Promise.all(asked.map(({ outcome }) => outcome))
    expect(outcomes.every(({ payload }) => payload.status === 'completed')).toBe(true)
  })

  it('assigns anew after a lease in which the assigned agent did not claim', async () => {
    await using zone = await createZone(form)
    const gone = await zone.agent('agent-a')
    await zone.orchestrator('orchestrator')
    // It ends without a word: for a lease the roster still counts it as live, with the most free slots.
    await gone.abandon()
    const asked = await zone.client.ask({ payload: { content: 'x' } })
    await zone.agent('agent-b', undefined, 1)
    expect((await asked.outcome).sender_id).toBe('agent-b')
  })
}
