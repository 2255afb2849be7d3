import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { decode, topicName } from '@kafclaw/envelope'
import { createKafkaLog, readAll } from '@kafclaw/kafka'
import { openDatabase } from '@kafclaw/storage'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { tempDir } from '@kafclaw/testing'
import { startBroker } from '@kafclaw/testing/broker'
import { expect, it, vi } from 'vitest'
import { applyTopics, connectGroup, createMember } from '../src/index.ts'

const PATIENCE = { timeout: 60_000, interval: 100 }

it('works on while Kafka is away, says that it is, and sends what it has when Kafka is back', {
  timeout: 180_000,
}, async () => {
  await using broker = await startBroker()
  await using folder = await tempDir()
  const env = createSystemEnv()
  const logger = createLogger({ service: 'test', level: 'silent' })
  const log = createKafkaLog({ brokers: broker.brokers, clientId: 'test', env, logger })
  const scope = { group: 'outage', zone: 'public' }
  await applyTopics({ log, env, scope, senderId: 'test', leaseMs: 2000 })
  using db = openDatabase(join(folder.path, 'state.db'), 'state')
  const started = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const member = createMember({
    env,
    logger,
    metrics: noMetrics(),
    log,
    db,
    ...scope,
    agentId: 'agent-a',
    role: 'agent',
    skills: [{ name: 'chat' }],
    capacity: 4,
    version: '0',
    retentionDays: 14,
    async handler(run) {
      if (run.request.payload.content === 'during') {
        started.resolve()
        await goOn.promise
      }
      return { status: 'completed', content: run.request.payload.content }
    },
  })
  const reach: string[] = []
  const client = await connectGroup({
    log,
    env,
    ...scope,
    senderId: 'test',
    onReach: (trouble) => reach.push(trouble === null ? 'back' : trouble.code),
  })
  try {
    await member.whenReady()
    const asked = await client.ask({ payload: { content: 'during' } })
    await started.promise
    await broker.kill()
    await vi.waitFor(() => {
      const reader = member.readiness().checks.find(({ name }) => name === 'reader')
      expect(reader).toMatchObject({ ok: false, detail: expect.stringContaining(broker.brokers[0] ?? '') })
      expect(reach).toHaveLength(1)
    }, PATIENCE)
    goOn.resolve()
    await broker.restart()
    expect((await asked.outcome).payload).toMatchObject({ status: 'completed', content: 'during' })
    await vi.waitFor(() => expect(member.readiness().ready).toBe(true), PATIENCE)
    expect(reach).toEqual(['KC_KAFKA_UNREACHABLE', 'back'])
    const after = await client.ask({ payload: { content: 'after' } })
    expect((await after.outcome).payload.content).toBe('after')
    const claims = (await readAll(log, [topicName(scope, 'tasks_status')])).map(decode)
    // Nobody took the task over because of the outage: its one claim still held.
    expect(
      claims.filter((decoded) => decoded.kind === 'envelope' && decoded.envelope.correlation_id === asked.taskId),
    ).toHaveLength(1)
  } finally {
    await client.close()
    await member.stop()
    await log.close()
  }
})
