import { createAgentWorker } from '@kafclaw/agent-worker'
import { createSystemEnv, type Env } from '@kafclaw/env'
import type { Log } from '@kafclaw/kafka'
import { createScriptedModel } from '@kafclaw/llm'
import { applyTopics, connectGroup, type GroupClient, openHost, readSettings } from '@kafclaw/runtime'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { sharedBrokers, tempDir, uniqueName } from '@kafclaw/testing'

const LEASE_MS = 2000

/** A group of its own on the shared broker, with native agents in this process. */
export interface TestGroup extends AsyncDisposable {
  brokers: string
  scope: { group: string; zone: string }
  partitions: number
  env: Env
  log: Log
  client: GroupClient
  /** A native agent that answers what `answer` makes of the question; returns how to stop it. */
  startAgent(
    agentId: string,
    options: { skills: string[]; concurrency?: number; answer(question: string): string },
  ): Promise<() => Promise<void>>
}

/** Skills in `byGroup` are left to a consumer group; all skills named have a topic of their own. */
export async function createTestGroup(skills: { byGroup: string[]; byClaim: string[] }): Promise<TestGroup> {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(await tempDir())
  const scope = { group: uniqueName('foreign'), zone: 'public' }
  const { values: settings } = readSettings({
    KAFCLAW_GROUP: scope.group,
    KAFCLAW_DATA_DIR: folder.path,
    KAFCLAW_KAFKA_BROKERS: sharedBrokers().join(','),
  })
  const env = createSystemEnv()
  const logger = createLogger({ service: 'test', level: 'silent' })
  const host = stack.use(openHost({ env, logger, metrics: noMetrics(), settings, clientId: 'test' }))
  const { log } = host
  const topics = { log, env, scope, senderId: 'test', leaseMs: LEASE_MS }
  await applyTopics({ ...topics, skills: skills.byGroup, served: { by: 'group', mayChange: false } })
  const { zone } = await applyTopics({ ...topics, skills: skills.byClaim })
  const client = await connectGroup({ log, env, ...scope, senderId: 'test' })
  stack.defer(() => client.close())
  return {
    brokers: sharedBrokers().join(','),
    scope,
    partitions: zone.partitions,
    env,
    log,
    client,
    async startAgent(agentId, options) {
      const service = createAgentWorker(host, {
        agentId,
        skills: options.skills,
        concurrency: options.concurrency ?? 4,
        instructions: null,
        model: createScriptedModel(({ messages }) => options.answer(messages.at(-1)?.content ?? '')),
        recall: null,
      })
      stack.defer(() => service.stop())
      await service.whenReady()
      return () => service.stop()
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
