import { createSystemEnv } from '@kafclaw/env'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { sharedBrokers, tempDir, uniqueName } from '@kafclaw/testing'
import { applyTopics, type TopicScope } from '../apply-topics.ts'
import { connectGroup, type GroupClient } from '../group-client.ts'
import { type Host, openHost, openMember } from '../host.ts'
import type { Member } from '../member.ts'
import type { RunHandler } from '../run.ts'
import { readSettings } from '../settings.ts'

/** On the embedded log, or on the real Kafka of the test run (only in `*.broker.test.ts`). */
export type TestForm = 'embedded' | 'kafka'

/** A group of its own, with its topics, for one test of a service. */
export interface TestGroup extends AsyncDisposable {
  /** What the services of the group in this process share. */
  host: Host
  scope: TopicScope
  /** What a service of this group gets as its environment where it is a process. */
  variables: Record<string, string>
  /** Asks as `test`. */
  client: GroupClient
  /** Another one who asks and publishes; closed with the group. */
  connect(senderId: string): Promise<GroupClient>
  /** An agent with the skill `chat`, ready; stopped with the group. */
  agent(agentId: string, handler: RunHandler, options?: { capacity?: number }): Promise<Member>
  /** Stops the service with the group. */
  own<S extends { stop(): Promise<void> }>(service: S): S
}

export interface TestGroupOptions {
  /** Long unless somebody is to take over: a busy machine must not look like a dead one. Default 12,000. */
  leaseMs?: number
  /** Settings beside group, data folder and brokers. */
  variables?: Record<string, string>
}

export async function createTestGroup(form: TestForm, options: TestGroupOptions = {}): Promise<TestGroup> {
  const { leaseMs = 12_000 } = options
  await using opening = new AsyncDisposableStack()
  const folder = opening.use(await tempDir())
  const variables = {
    KAFCLAW_DATA_DIR: folder.path,
    KAFCLAW_GROUP: uniqueName('g'),
    ...(form === 'kafka' ? { KAFCLAW_KAFKA_BROKERS: sharedBrokers().join(',') } : {}),
    ...options.variables,
  }
  const env = createSystemEnv()
  const { values: settings } = readSettings(variables)
  const logger = createLogger({ service: 'test', level: 'silent' })
  const host = opening.use(openHost({ env, logger, metrics: noMetrics(), settings, clientId: 'test' }))
  const scope = { group: settings.group, zone: settings.zone }
  await applyTopics({ log: host.log, env, scope, senderId: 'test', leaseMs })
  const stack = opening.move()

  async function connect(senderId: string): Promise<GroupClient> {
    const client = await connectGroup({ log: host.log, env, ...scope, senderId })
    stack.defer(() => client.close())
    return client
  }

  function own<S extends { stop(): Promise<void> }>(service: S): S {
    stack.defer(() => service.stop())
    return service
  }

  return {
    host,
    scope,
    variables,
    client: await connect('test'),
    connect,
    async agent(agentId, handler, { capacity = 4 } = {}) {
      const skills = [{ name: 'chat' }]
      const member = own(openMember(host, { agentId, role: 'agent', skills, capacity, createHandler: () => handler }))
      await member.whenReady()
      return member
    },
    own,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
