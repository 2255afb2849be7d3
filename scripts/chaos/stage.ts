import { join } from 'node:path'
import { createSystemEnv, type Env } from '@kafclaw/env'
import { parseTopicName } from '@kafclaw/envelope'
import { createKafkaLog, type Log } from '@kafclaw/kafka'
import { applyTopics, connectGroup, type GroupClient } from '@kafclaw/runtime'
import { createLogger } from '@kafclaw/telemetry'
import { tempDir, uniqueName } from '@kafclaw/testing'
import { type BrokerNode, openBroker, startBroker, startCluster } from '@kafclaw/testing/broker'
import { mountSmallDisk, type SmallDisk } from './small-disk.ts'

/** A group of its own on a Kafka, with a client that asks it; all of it is gone afterwards. */
export interface Stage extends AsyncDisposable {
  readonly env: Env
  readonly brokers: readonly string[]
  /** Brokers of its own, which may be killed; none where the user has named some. */
  readonly nodes: ReadonlyArray<BrokerNode & { disk: SmallDisk | null }>
  readonly log: Log
  readonly scope: { group: string; zone: string }
  readonly partitions: number
  readonly leaseMs: number
  readonly client: GroupClient
  /** A folder for whatever takes part. */
  folder(name: string): string
  /** Is ended, in reverse order, before the stage is. */
  defer(end: () => PromiseLike<void> | void): void
}

export interface StageOptions {
  leaseMs: number
  brokers: { count: number; diskMib: number | null }
  /** The case does something to its brokers. */
  ownsBrokers: boolean
}

/** Opens a stage on brokers of its own where the case needs them, else on those that the user named. */
export async function openStage({ leaseMs, brokers, ownsBrokers }: StageOptions): Promise<Stage> {
  await using stack = new AsyncDisposableStack()
  const root = stack.use(await tempDir())
  const { addresses, nodes, isNamed } = await openBrokers(stack, { brokers, ownsBrokers, folder: root.path })
  const env = createSystemEnv()
  const scope = { group: uniqueName('chaos'), zone: 'public' }
  const logger = createLogger({ service: 'chaos', level: 'fatal' })
  const log = createKafkaLog({ brokers: [...addresses], clientId: 'chaos', env, logger })
  stack.defer(() => log.close())
  if (isNamed) stack.defer(() => removeTopics(log, scope.group))
  const { zone } = await applyTopics({ log, env, scope, senderId: 'chaos', leaseMs })
  const client = await connectGroup({ log, env, ...scope, senderId: 'chaos' })
  stack.defer(() => client.close())
  const resources = stack.move()
  return {
    env,
    brokers: addresses,
    nodes,
    log,
    scope,
    partitions: zone.partitions,
    leaseMs,
    client,
    folder: (name) => join(root.path, name),
    defer: (end) => resources.defer(end),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

interface Brokers {
  addresses: readonly string[]
  nodes: Stage['nodes']
  isNamed: boolean
}

async function openBrokers(
  stack: AsyncDisposableStack,
  { brokers, ownsBrokers, folder }: Pick<StageOptions, 'brokers' | 'ownsBrokers'> & { folder: string },
): Promise<Brokers> {
  if (brokers.count > 1) {
    const cluster = stack.use(await startCluster({ nodes: brokers.count }))
    const nodes = cluster.nodes.map((node) => ({ ...node, disk: null }))
    return { addresses: cluster.brokers, nodes, isNamed: false }
  }
  if (!ownsBrokers && brokers.diskMib === null) {
    const broker = stack.use(await openBroker())
    return { addresses: broker.brokers, nodes: [], isNamed: broker.how === 'named' }
  }
  const diskFolder = join(folder, 'broker-disk')
  const disk = brokers.diskMib === null ? null : stack.use(await mountSmallDisk(diskFolder, brokers.diskMib))
  const broker = stack.use(await startBroker(disk ? { dataFolder: diskFolder } : {}))
  const [address = ''] = broker.brokers
  return { addresses: broker.brokers, nodes: [{ ...broker, address, disk }], isNamed: false }
}

async function removeTopics(log: Log, group: string): Promise<void> {
  const names = await log.listTopics()
  await log.deleteTopics(names.filter((name) => parseTopicName(name)?.group === group))
}
