import type { ConnectionOptions } from 'node:tls'
import { AppError } from '@kafclaw/envelope'
import { parseJaasConfig } from './jaas-config.ts'
import { parseJavaProperties } from './java-properties.ts'
import type { KafkaProperties, SaslOptions } from './kafka-properties.ts'
import { type Problems, pemCertificates, pemPrivateKey, readPemStore } from './pem-material.ts'

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const MECHANISMS: Record<string, { name: SaslOptions['mechanism']; module: string }> = {
  PLAIN: { name: 'plain', module: 'PlainLoginModule' },
  'SCRAM-SHA-256': { name: 'scram-sha-256', module: 'ScramLoginModule' },
  'SCRAM-SHA-512': { name: 'scram-sha-512', module: 'ScramLoginModule' },
}

const USED = new Set([
  'security.protocol',
  'sasl.mechanism',
  'sasl.jaas.config',
  ...['location', 'type', 'certificates', 'password'].map((name) => `ssl.truststore.${name}`),
  ...['location', 'type', 'key', 'certificate.chain', 'password'].map((name) => `ssl.keystore.${name}`),
  'ssl.key.password',
  'ssl.endpoint.identification.algorithm',
])

/**
 * Reads the properties file of a Java client: security.protocol, sasl.mechanism, sasl.jaas.config, ssl.truststore.*,
 * ssl.keystore.* (PEM, as files or inline, KIP-651), ssl.key.password, ssl.endpoint.identification.algorithm. Relative paths
 * are seen from `baseDir`. Everything else that the file holds is ignored with one note.
 * Throws KC_CONFIG_INVALID with all problems.
 */
export function parseKafkaProperties(text: string, baseDir: string): KafkaProperties {
  const properties = parseJavaProperties(text)
  const found: string[] = []
  const problems: Problems = { add: (problem) => void found.push(problem) }
  const protocol = (properties.get('security.protocol') ?? 'PLAINTEXT').trim().toUpperCase()
  if (!PROTOCOLS.includes(protocol)) {
    problems.add(`security.protocol=${protocol} is not one of ${PROTOCOLS.join(', ')}`)
  }
  const ssl = protocol.endsWith('SSL') ? readSsl(properties, baseDir, problems) : null
  const sasl = protocol.startsWith('SASL') ? readSasl(properties, problems) : null
  if (found.length > 0) {
    const text = `The Kafka properties are not valid:\n${found.map((problem) => `- ${problem}`).join('\n')}`
    throw new AppError('KC_CONFIG_INVALID', text, { details: { problems: found } })
  }
  return { ssl, sasl, notes: notes(properties, protocol) }
}

function notes(properties: ReadonlyMap<string, string>, protocol: string): string[] {
  const ignored = [...properties.keys()].filter((name) => !USED.has(name)).sort()
  const idle = [...properties.keys()].filter((name) => USED.has(name) && !isUsedBy(protocol, name)).sort()
  return [
    ...(ignored.length > 0 ? [`ignored, because KafClaw has no use for them: ${ignored.join(', ')}`] : []),
    ...(idle.length > 0 ? [`without effect under security.protocol=${protocol}: ${idle.join(', ')}`] : []),
  ]
}

function isUsedBy(protocol: string, name: string): boolean {
  if (name.startsWith('ssl.')) return protocol.endsWith('SSL')
  return name.startsWith('sasl.') ? protocol.startsWith('SASL') : true
}

function readSasl(properties: ReadonlyMap<string, string>, problems: Problems): SaslOptions | null {
  const asked = (properties.get('sasl.mechanism') ?? 'GSSAPI').trim().toUpperCase()
  const mechanism = MECHANISMS[asked]
  if (!mechanism) problems.add(`sasl.mechanism=${asked} is not one of ${Object.keys(MECHANISMS).join(', ')}`)
  const text = properties.get('sasl.jaas.config')
  if (text === undefined) {
    problems.add('sasl.jaas.config is missing; it holds the user name and the password')
    return null
  }
  const config = parseJaasConfig(text)
  if (!config) {
    problems.add('sasl.jaas.config cannot be read; write <login module> required username="..." password="...";')
    return null
  }
  if (mechanism && config.module !== mechanism.module) {
    problems.add(`sasl.jaas.config names ${config.module}, but ${asked} needs ${mechanism.module}`)
  }
  const username = config.options.get('username')
  const password = config.options.get('password')
  if (!username) problems.add('sasl.jaas.config has no username')
  if (password === undefined) problems.add('sasl.jaas.config has no password')
  if (!mechanism || !username || password === undefined) return null
  return { mechanism: mechanism.name, username, password }
}

function readSsl(properties: ReadonlyMap<string, string>, baseDir: string, problems: Problems): ConnectionOptions {
  const ssl: ConnectionOptions = {}
  const inlineTrust = properties.get('ssl.truststore.certificates')
  const trust = inlineTrust ?? readPemStore({ prefix: 'ssl.truststore', properties, baseDir, problems })
  if (trust !== null) {
    const from =
      inlineTrust === undefined
        ? `ssl.truststore.location=${properties.get('ssl.truststore.location')}`
        : 'ssl.truststore.certificates'
    const certificates = pemCertificates(trust, from, problems)
    if (certificates) ssl.ca = certificates
  }
  readKeyStore(properties, ssl, { baseDir, problems })
  const identification = properties.get('ssl.endpoint.identification.algorithm') ?? 'https'
  if (identification === '') {
    // What the empty value means to Java clients: the chain is checked, the host name is not.
    ssl.checkServerIdentity = () => undefined
  } else if (identification.toLowerCase() !== 'https') {
    problems.add(`ssl.endpoint.identification.algorithm=${identification} is neither https nor empty`)
  }
  return ssl
}

function readKeyStore(
  properties: ReadonlyMap<string, string>,
  ssl: ConnectionOptions,
  { baseDir, problems }: { baseDir: string; problems: Problems },
): void {
  const inlineKey = properties.get('ssl.keystore.key')
  const inlineChain = properties.get('ssl.keystore.certificate.chain')
  if ((inlineKey === undefined) !== (inlineChain === undefined)) {
    problems.add('ssl.keystore.key and ssl.keystore.certificate.chain go together; one of them is missing')
    return
  }
  const store = inlineKey === undefined ? readPemStore({ prefix: 'ssl.keystore', properties, baseDir, problems }) : null
  const password = properties.get('ssl.key.password')
  const from =
    inlineKey === undefined ? `ssl.keystore.location=${properties.get('ssl.keystore.location')}` : 'ssl.keystore'
  const keyText = inlineKey ?? store
  const chainText = inlineChain ?? store
  if (keyText === null || chainText === null) return
  const key = pemPrivateKey(keyText, from, { password, problems })
  const cert = pemCertificates(chainText, from, problems)
  if (!key || !cert) return
  ssl.key = key
  ssl.cert = cert
  if (password !== undefined) ssl.passphrase = password
}
