import { rm } from 'node:fs/promises'
import { AppError } from '@kafclaw/envelope'
import { type BrokerNode, brokerFolder, createBrokerNode } from './broker-node.ts'
import { voterName } from './properties.ts'
import { readBrokerSettings } from './settings.ts'
import { choosePorts, newClusterId, wayToKafka } from './start-broker.ts'

/** Brokers of one cluster, each of which can die by itself. */
export interface TestCluster extends AsyncDisposable {
  /** host:port of all PLAINTEXT listeners. */
  readonly brokers: string[]
  readonly nodes: readonly BrokerNode[]
  readonly how: 'java'
}

export interface ClusterOptions {
  nodes?: number
  /** Server properties that win over ours. */
  properties?: Readonly<Record<string, string>>
}

/**
 * Starts an Apache Kafka of several nodes on 127.0.0.1, each broker and controller. Every topic lies on all of them, and all
 * but one have to take a record before it is acknowledged. Errors: KC_BROKER_UNAVAILABLE, KC_BROKER_START_FAILED.
 */
export async function startCluster({ nodes: count = 3, properties = {} }: ClusterOptions = {}): Promise<TestCluster> {
  const settings = readBrokerSettings()
  const means = await wayToKafka(settings)
  if (means.how === 'docker')
    throw new AppError('KC_BROKER_UNAVAILABLE', 'a cluster needs Java and Maven; Docker alone is not enough')
  const stack = new AsyncDisposableStack()
  try {
    const places = await Promise.all(
      Array.from({ length: count }, async (_, n) => ({ nodeId: n + 1, ports: await choosePorts() })),
    )
    const voters = places.map(({ nodeId, ports }) => voterName(nodeId, ports))
    const clusterId = newClusterId()
    const create = async ({ nodeId, ports }: (typeof places)[number]) => {
      const folder = await brokerFolder()
      stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
      const options = { cluster: { nodeId, voters }, secure: null, extra: properties }
      return stack.use(
        await createBrokerNode(means, folder, {
          clusterId,
          cacheDir: settings.cacheDir,
          ports,
          properties: options,
          dataFolder: null,
        }),
      )
    }
    const nodes = await Promise.all(places.map(create))
    // None is ready before most of them are there.
    for (const node of nodes) await node.begin()
    await Promise.all(nodes.map((node) => node.ready(count)))
    const resources = stack.move()
    return {
      brokers: nodes.map(({ address }) => address),
      nodes,
      how: 'java',
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}
