import { createSystemEnv } from '@kafclaw/env'
import { createOfflineModel, type Model } from '@kafclaw/llm'
import type { Recall } from '@kafclaw/memory'
import {
  applyTopics,
  connectGroup,
  type GroupClient,
  type Host,
  openHost,
  readSettings,
  type Service,
} from '@kafclaw/runtime'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { sharedBrokers, tempDir, uniqueName } from '@kafclaw/testing'
import { createAgentWorker } from '../src/service.ts'

/** Agents of one group in this process, each with the model that a test gives it. */
export interface TestAgents extends AsyncDisposable {
  host: Host
  scope: { group: string; zone: string }
  client: GroupClient
  start(agentId: string, options?: { model?: Model; recall?: Recall | null; skills?: string[] }): Promise<Service>
}

export async function createTestAgents(form: 'embedded' | 'kafka'): Promise<TestAgents> {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(await tempDir())
  const group = uniqueName('agents')
  const { values: settings } = readSettings({
    KAFCLAW_GROUP: group,
    KAFCLAW_DATA_DIR: folder.path,
    ...(form === 'kafka' ? { KAFCLAW_KAFKA_BROKERS: sharedBrokers().join(',') } : {}),
  })
  const env = createSystemEnv()
  const logger = createLogger({ service: 'test', level: 'silent' })
  const host = stack.use(openHost({ env, logger, metrics: noMetrics(), settings, clientId: 'test' }))
  const scope = { group, zone: 'public' }
  await applyTopics({ log: host.log, env, scope, senderId: 'test', leaseMs: 2000 })
  const client = await connectGroup({ log: host.log, env, ...scope, senderId: 'test' })
  stack.defer(() => client.close())
  return {
    host,
    scope,
    client,
    async start(agentId, options = {}) {
      const service = createAgentWorker(host, {
        agentId,
        skills: options.skills ?? ['chat'],
        concurrency: 4,
        instructions: null,
        model: options.model ?? createOfflineModel(),
        recall: options.recall ?? null,
      })
      stack.defer(() => service.stop())
      await service.whenReady()
      return service
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
