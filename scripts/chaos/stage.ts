import { createSystemEnv, type Env } from '@kafclaw/env'
import { parseTopicName } from '@kafclaw/envelope'
import { createKafkaLog, type Log } from '@kafclaw/kafka'
import { applyTopics, connectGroup, createDataFolder, type GroupClient, type MemberFiles } from '@kafclaw/runtime'
import { createLogger } from '@kafclaw/telemetry'
import { tempDir, uniqueName } from '@kafclaw/testing'
import { openBroker } from '@kafclaw/testing/broker'
import type { AgentProcess } from './agent-process.ts'

/** A group of its own on a Kafka, with a client that asks it; all of it is gone afterwards. */
export interface Stage extends AsyncDisposable {
  readonly env: Env
  readonly brokers: readonly string[]
  readonly log: Log
  readonly scope: { group: string; zone: string }
  readonly partitions: number
  readonly leaseMs: number
  readonly client: GroupClient
  /** The settings of one service of the group. */
  variables(agentId: string): Record<string, string>
  files(agentId: string): MemberFiles
  /** Kills this one at the end, whatever has happened. */
  own<T extends AgentProcess>(agent: T): T
}

interface Broker extends AsyncDisposable {
  readonly brokers: string[]
  readonly how: string
}

/** Opens a stage on `broker`, which then belongs to it; else on the brokers that the user named or one of its own. Says its lease on stderr. */
export async function openStage(leaseMs: number, ownBroker?: Broker): Promise<Stage> {
  process.stderr.write(`lease ${leaseMs} ms\n`)
  const stack = new AsyncDisposableStack()
  try {
    const broker = stack.use(ownBroker ?? (await openBroker()))
    const folder = stack.use(await tempDir())
    const env = createSystemEnv()
    const scope = { group: uniqueName('chaos'), zone: 'public' }
    const logger = createLogger({ service: 'chaos', level: 'fatal' })
    const log = createKafkaLog({ brokers: [...broker.brokers], clientId: 'chaos', env, logger })
    stack.defer(() => log.close())
    if (broker.how === 'named') stack.defer(() => removeTopics(log, scope.group))
    const { zone } = await applyTopics({ log, env, scope, senderId: 'chaos', leaseMs })
    const client = await connectGroup({ log, env, ...scope, senderId: 'chaos' })
    stack.defer(() => client.close())
    const data = createDataFolder({ dataDir: folder.path, group: scope.group })
    const owned: AgentProcess[] = []
    stack.defer(() => endAll(owned))
    const resources = stack.move()
    return {
      env,
      brokers: broker.brokers,
      log,
      scope,
      partitions: zone.partitions,
      leaseMs,
      client,
      variables: (agentId) => ({
        KAFCLAW_KAFKA_BROKERS: broker.brokers.join(','),
        KAFCLAW_GROUP: scope.group,
        KAFCLAW_AGENT_ID: agentId,
        KAFCLAW_DATA_DIR: folder.path,
        KAFCLAW_CONCURRENCY: '32',
        KAFCLAW_ADMIN_ADDRESS: '127.0.0.1:0',
        KAFCLAW_LOG_LEVEL: 'fatal',
      }),
      files: (agentId) => data.member(agentId),
      own(agent) {
        owned.push(agent)
        return agent
      },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

async function endAll(agents: readonly AgentProcess[]): Promise<void> {
  await Promise.all(
    agents.map((agent) => {
      agent.thaw()
      return agent.kill()
    }),
  )
}

async function removeTopics(log: Log, group: string): Promise<void> {
  const names = await log.listTopics()
  await log.deleteTopics(names.filter((name) => parseTopicName(name)?.group === group))
}
