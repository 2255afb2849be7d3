import type { Pki } from './pki.ts'

/** Ports of one broker; the last three only listen on a secure one. */
export interface BrokerPorts {
  plaintext: number
  controller: number
  saslPlaintext: number
  saslSsl: number
  mtls: number
}

interface SecureProperties {
  pki: Pki
  /** User name -> password; all may use PLAIN and SCRAM. */
  users: Readonly<Record<string, string>>
  /** Turns on deny by default; `admin` and whoever comes through the PLAINTEXT listener may do everything. */
  authorize: boolean
}

/** The place of a broker among those that it forms a cluster with; each is broker and controller. */
interface ClusterPlace {
  nodeId: number
  /** `<node id>@<host>:<controller port>` of all of them. */
  voters: readonly string[]
}

export interface PropertyOptions {
  ports: BrokerPorts
  /** Null: it is alone. */
  cluster: ClusterPlace | null
  dataDir: string
  /** Where the listeners bind; clients on this machine always reach them by 127.0.0.1. */
  bindHost: string
  secure: SecureProperties | null
  /** Wins over everything else. */
  extra: Readonly<Record<string, string>>
}

/** Settings for a node that is broker and controller, small, quick to start and quick to come back after kill -9. */
export function brokerProperties(options: PropertyOptions): Record<string, string> {
  const { nodeId, voters } = options.cluster ?? { nodeId: 1, voters: [voterName(1, options.ports)] }
  return {
    'process.roles': 'broker,controller',
    'node.id': String(nodeId),
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': options.dataDir,
    ...listeners(options),
    ...INTERNAL_TOPICS,
    ...replication(voters.length),
    ...SMALL_AND_QUICK,
    ...(options.secure ? security(options.secure) : {}),
    ...options.extra,
  }
}

/** How a broker's controller is named among the voters. */
export function voterName(nodeId: number, { controller }: BrokerPorts): string {
  return `${nodeId}@127.0.0.1:${controller}`
}

const INTERNAL_TOPICS = {
  'auto.create.topics.enable': 'false',
  'num.partitions': '1',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'share.coordinator.state.topic.num.partitions': '1',
}

/** Everything lies on every broker, and a record is acknowledged when all but one have it. */
function replication(brokers: number): Record<string, string> {
  const inSync = String(Math.max(1, brokers - 1))
  const factor = String(brokers)
  return {
    'default.replication.factor': factor,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': inSync,
  }
}

const SMALL_AND_QUICK = {
  'num.network.threads': '2',
  'num.io.threads': '2',
  'background.threads': '2',
  'num.replica.fetchers': '1',
  'log.cleaner.threads': '1',
  'log.cleaner.dedupe.buffer.size': '2097152',
  'log.cleaner.backoff.ms': '200',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  // A broker that was killed waits at its next start until its old session is over (9 s by default); much less, and a busy machine loses it its own topics.
  'broker.session.timeout.ms': '6000',
  'broker.heartbeat.interval.ms': '500',
}

function listeners({ ports, bindHost, secure }: PropertyOptions): Record<string, string> {
  const open = [['PLAINTEXT', 'PLAINTEXT', ports.plaintext] as const]
  const closed = [
    ['SASL', 'SASL_PLAINTEXT', ports.saslPlaintext],
    ['SASLTLS', 'SASL_SSL', ports.saslSsl],
    ['MTLS', 'SSL', ports.mtls],
  ] as const
  const all = secure ? [...open, ...closed] : open
  return {
    listeners: [
      ...all.map(([name, , port]) => `${name}://${bindHost}:${port}`),
      `CONTROLLER://127.0.0.1:${ports.controller}`,
    ].join(','),
    'advertised.listeners': all.map(([name, , port]) => `${name}://127.0.0.1:${port}`).join(','),
    'listener.security.protocol.map': [
      'CONTROLLER:PLAINTEXT',
      ...all.map(([name, protocol]) => `${name}:${protocol}`),
    ].join(','),
  }
}

function security({ pki, users, authorize }: SecureProperties): Record<string, string> {
  const plainUsers = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`)
  const modules = 'org.apache.kafka.common.security'
  const properties: Record<string, string> = {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.mtls.ssl.client.auth': 'required',
    // CN=alice becomes User:alice, so that one set of ACLs serves SASL and certificates.
    'listener.name.mtls.ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/,DEFAULT',
  }
  for (const listener of ['sasl', 'sasltls']) {
    const prefix = `listener.name.${listener}`
    properties[`${prefix}.plain.sasl.jaas.config`] =
      `${modules}.plain.PlainLoginModule required ${plainUsers.join(' ')};`
    for (const scram of ['scram-sha-256', 'scram-sha-512']) {
      properties[`${prefix}.${scram}.sasl.jaas.config`] = `${modules}.scram.ScramLoginModule required;`
    }
  }
  for (const listener of ['sasltls', 'mtls']) {
    const prefix = `listener.name.${listener}.ssl`
    properties[`${prefix}.keystore.type`] = 'PEM'
    properties[`${prefix}.keystore.location`] = pki.brokerStorePath
    properties[`${prefix}.truststore.type`] = 'PEM'
    properties[`${prefix}.truststore.location`] = pki.caPath
  }
  if (!authorize) return properties
  return {
    ...properties,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'false',
    // ANONYMOUS is the broker itself and the test, which come through PLAINTEXT.
    'super.users': 'User:ANONYMOUS;User:admin',
  }
}

/** The text of a Java properties file. */
export function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('')
}
