import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@kafclaw/envelope'
import { noWayToKafka } from './broker-error.ts'
import { type BrokerNode, brokerFolder, createBrokerNode } from './broker-node.ts'
import type { BrokerEngine } from './engine.ts'
import { type EngineFound, findEngine } from './find-engine.ts'
import { createPki, type Pki } from './pki.ts'
import { freePorts } from './ports.ts'
import type { BrokerPorts } from './properties.ts'
import { type BrokerSettings, readBrokerSettings } from './settings.ts'
import { KAFKA_VERSION } from './version.ts'

export interface BrokerOptions {
  /** Adds the listeners SASL_PLAINTEXT, SASL_SSL and SSL with client certificates; user name -> password. */
  users?: Readonly<Record<string, string>>
  /** With users: deny by default; `admin` and the PLAINTEXT listener may do everything. */
  authorize?: boolean
  /** Server properties that win over ours. */
  properties?: Readonly<Record<string, string>>
  /** Where its data lies, such as a small disk of its own; not removed with it. */
  dataFolder?: string
  settings?: BrokerSettings
}

export interface TestBroker extends Omit<BrokerNode, 'address'> {
  /** host:port of the PLAINTEXT listener, ready for a client. */
  readonly brokers: string[]
  /** The listeners of a broker with users. */
  readonly secure: { saslPlaintext: string; saslSsl: string; mtls: string; pki: Pki } | null
  readonly version: string
  readonly how: BrokerEngine['how']
}

/**
 * Starts an Apache Kafka of one node for this process alone, on free ports of 127.0.0.1, and waits until it is usable.
 * It ends with this process at the latest. Errors: KC_BROKER_UNAVAILABLE, KC_BROKER_START_FAILED.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<TestBroker> {
  const settings = options.settings ?? readBrokerSettings()
  const means = await wayToKafka(settings)
  if (options.users && means.how === 'docker') {
    throw new AppError('KC_BROKER_UNAVAILABLE', 'a broker with users needs Java and Maven; Docker alone is not enough')
  }
  const folder = await brokerFolder()
  try {
    const ports = await choosePorts()
    const secure = options.users
      ? {
          pki: await createPki(join(folder, 'pki'), Object.keys(options.users)),
          users: options.users,
          authorize: options.authorize ?? false,
        }
      : null
    const node = await createBrokerNode(means, folder, {
      clusterId: newClusterId(),
      cacheDir: settings.cacheDir,
      ports,
      properties: { cluster: null, secure, extra: options.properties ?? {} },
      dataFolder: options.dataFolder ?? null,
    })
    await node.begin()
    await node.ready(1)
    return toTestBroker(node, { how: means.how, ports, pki: secure?.pki ?? null })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

function toTestBroker(
  node: BrokerNode,
  { how, ports, pki }: { how: BrokerEngine['how']; ports: BrokerPorts; pki: Pki | null },
): TestBroker {
  const at = (port: number) => `127.0.0.1:${port}`
  return {
    ...node,
    brokers: [node.address],
    secure: pki && { saslPlaintext: at(ports.saslPlaintext), saslSsl: at(ports.saslSsl), mtls: at(ports.mtls), pki },
    version: KAFKA_VERSION,
    how,
  }
}

/** Error: KC_BROKER_UNAVAILABLE. */
export async function wayToKafka(settings: BrokerSettings): Promise<Extract<EngineFound, { found: true }>> {
  const means = await findEngine(settings)
  if (!means.found) throw noWayToKafka(means.reasons)
  return means
}

export function newClusterId(): string {
  return randomBytes(16).toString('base64url')
}

export async function choosePorts(): Promise<BrokerPorts> {
  const [plaintext = 0, controller = 0, saslPlaintext = 0, saslSsl = 0, mtls = 0] = await freePorts(5)
  return { plaintext, controller, saslPlaintext, saslSsl, mtls }
}
