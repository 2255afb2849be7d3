import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import type { AppError } from '@kafclaw/envelope'
import { createLogger } from '@kafclaw/telemetry'
import { uniqueName } from '@kafclaw/testing'
import { startBroker, type TestBroker } from '@kafclaw/testing/broker'
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKafkaLog, type Log, parseKafkaProperties, readAll } from '../src/index.ts'
import { record } from './contract/contract-log.ts'
import { canStartSecureBroker } from './own-broker.ts'
import { collect } from './reading.ts'

const env = createSystemEnv()
const logger = createLogger({ service: 'test', level: 'error' })
const open = new Set<Log>()

let broker: TestBroker
let topic: string
let denied: string

beforeAll(async () => {
  if (!canStartSecureBroker) return
  broker = await startBroker({ users: { alice: 'alice-secret', bob: 'bob-secret' }, authorize: true })
  const log = as(broker.brokers[0] ?? '', '')
  topic = uniqueName('allowed')
  denied = uniqueName('denied')
  await log.createTopics([topic, denied].map((name) => ({ name, partitions: 1, configs: {} })))
  await log.publisher().publish([record(denied, 'secret')])
  const admin = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const operations = [AclOperationTypes.READ, AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE]
  const allowed = [
    ...operations.map((operation) => ({ operation, resourceName: topic })),
    // May see that it is there, and no more.
    { operation: AclOperationTypes.DESCRIBE, resourceName: denied },
  ]
  await admin.createAcls({
    acl: ['User:alice', 'User:bob'].flatMap((principal) =>
      allowed.map((entry) => ({
        ...entry,
        principal,
        host: '*',
        resourceType: AclResourceTypes.TOPIC,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        permissionType: AclPermissionTypes.ALLOW,
      })),
    ),
  })
  await admin.disconnect()
})
afterAll(async () => {
  for (const log of open) await log.close()
  await broker?.stop()
})

function as(address: string, properties: string): Log {
  const parsed = parseKafkaProperties(properties, dirname(broker.secure?.pki.caPath ?? '.'))
  const log = createKafkaLog({ brokers: [address], clientId: 'security', properties: parsed, env, logger })
  open.add(log)
  return log
}

function jaas(module: string, user: string, password: string): string {
  return `sasl.jaas.config=org.apache.kafka.common.security.${module} required username="${user}" password="${password}";\n`
}

const scram = (user: string, password: string) => jaas('scram.ScramLoginModule', user, password)
const plain = (user: string, password: string) => jaas('plain.PlainLoginModule', user, password)

async function makesTheTrip(log: Log): Promise<void> {
  const value = uniqueName('v')
  await log.publisher().publish([record(topic, value)])
  await using read = collect(log, [topic])
  await read.reader.caughtUp
  expect(read.values()).toContain(value)
}

describe.skipIf(!canStartSecureBroker)('gets in and writes and reads', () => {
  const pem = 'ssl.truststore.type=PEM\nssl.truststore.location=ca.crt\n'

  it('by PLAINTEXT', async () => {
    await makesTheTrip(as(broker.brokers[0] ?? '', 'security.protocol=PLAINTEXT\n'))
  })

  it.each([
    ['PLAIN', plain('alice', 'alice-secret')],
    ['SCRAM-SHA-256', scram('alice', 'alice-secret')],
    ['SCRAM-SHA-512', scram('alice', 'alice-secret')],
  ])('by SASL_PLAINTEXT with %s', async (mechanism, login) => {
    const text = `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=${mechanism}\n${login}`
    await makesTheTrip(as(broker.secure?.saslPlaintext ?? '', text))
  })

  it.each([
    ['PLAIN', plain('bob', 'bob-secret')],
    ['SCRAM-SHA-512', scram('bob', 'bob-secret')],
  ])('by SASL_SSL with %s', async (mechanism, login) => {
    const text = `security.protocol=SASL_SSL\nsasl.mechanism=${mechanism}\n${login}${pem}`
    await makesTheTrip(as(broker.secure?.saslSsl ?? '', text))
  })

  it('by SSL with a client certificate, as a PEM store', async () => {
    const store = broker.secure?.pki.client('alice').storePath
    await makesTheTrip(
      as(
        broker.secure?.mtls ?? '',
        `security.protocol=SSL\n${pem}ssl.keystore.type=PEM\nssl.keystore.location=${store}\n`,
      ),
    )
  })

  it('by SSL with certificates inside the properties', async () => {
    const files = broker.secure?.pki.client('bob')
    const inline = (path = '') => readFileSync(path, 'utf8').trim().replaceAll('\n', ' \\\n  ')
    const text = [
      'security.protocol=SSL',
      `ssl.truststore.certificates=${inline(broker.secure?.pki.caPath)}`,
      `ssl.keystore.key=${inline(files?.keyPath)}`,
      `ssl.keystore.certificate.chain=${inline(files?.certPath)}`,
    ].join('\n')
    await makesTheTrip(as(broker.secure?.mtls ?? '', text))
  })
})

describe.skipIf(!canStartSecureBroker)('is told why it does not get in', () => {
  async function failures(
    log: Log,
    name = topic,
  ): Promise<{ publishing: AppError; reading: AppError; asking: AppError }> {
    const failed = (work: Promise<unknown>) =>
      work.then(
        () => expect.fail('it got in'),
        (error: AppError) => error,
      )
    const read = collect(log, [name])
    return {
      publishing: await failed(log.publisher({ requestTimeoutMs: 2_000, retries: 0 }).publish([record(name, 'a')])),
      reading: await failed(read.reader.ended),
      asking: await failed(log.offsets([name])),
    }
  }

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('with a wrong password by %s', async (mechanism) => {
    const login = mechanism === 'PLAIN' ? plain('alice', 'wrong') : scram('alice', 'wrong')
    const log = as(
      broker.secure?.saslPlaintext ?? '',
      `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=${mechanism}\n${login}`,
    )
    for (const error of Object.values(await failures(log))) {
      expect(error).toMatchObject({ code: 'KC_KAFKA_AUTHENTICATION', retryable: false })
      expect(error.message).not.toContain('wrong')
    }
  })

  it('without a client certificate', async () => {
    const log = as(
      broker.secure?.mtls ?? '',
      'security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=ca.crt\n',
    )
    for (const error of Object.values(await failures(log))) expect(error.code).toBe('KC_KAFKA_AUTHENTICATION')
  })

  it('with a certificate authority that it does not know', async () => {
    const text = `security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n${plain('alice', 'alice-secret')}`
    for (const error of Object.values(await failures(as(broker.secure?.saslSsl ?? '', text)))) {
      expect(error).toMatchObject({ code: 'KC_KAFKA_TLS', retryable: false })
      expect(error.message).toContain('ssl.truststore')
    }
  })

  it('to a topic that its user may not use, by name', async () => {
    const text = `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n${plain('alice', 'alice-secret')}`
    const log = as(broker.secure?.saslPlaintext ?? '', text)
    const read = collect(log, [denied])
    const reading = await read.reader.ended.catch((error: AppError) => error)
    const publishing = await log
      .publisher()
      .publish([record(topic, 'fine'), record(denied, 'a')])
      .catch((error: AppError) => error)
    for (const error of [reading, publishing]) {
      expect(error).toMatchObject({ code: 'KC_KAFKA_NOT_AUTHORISED', retryable: false })
      expect((error as AppError).message).toContain(denied)
    }
    expect((publishing as unknown as AppError).details).toMatchObject({ failed: [1] })
    await expect(log.createTopics([{ name: uniqueName('new'), partitions: 1, configs: {} }])).rejects.toMatchObject({
      code: 'KC_KAFKA_NOT_AUTHORISED',
    })
    expect((await readAll(log, [topic])).map(({ value }) => value?.toString())).toContain('fine')
  })

  it('to a topic that it may not even see', async () => {
    const text = `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n${plain('alice', 'alice-secret')}`
    const hidden = uniqueName('hidden')
    await as(broker.brokers[0] ?? '', '').createTopics([{ name: hidden, partitions: 1, configs: {} }])
    const { publishing, reading, asking } = await failures(as(broker.secure?.saslPlaintext ?? '', text), hidden)
    for (const error of [publishing, reading, asking]) {
      expect(error.code).toBe('KC_KAFKA_NOT_AUTHORISED')
      expect(error.message).toContain(hidden)
    }
  })

  it('over a port that speaks another protocol', async () => {
    const log = as(broker.secure?.saslSsl ?? '', 'security.protocol=PLAINTEXT\n')
    const failure = await log
      .publisher({ requestTimeoutMs: 1_000, retries: 0 })
      .publish([record(topic, 'a')])
      .catch((error: AppError) => error)
    expect(failure).toMatchObject({ code: 'KC_KAFKA_UNREACHABLE' })
    expect((failure as unknown as AppError).message).toContain('security.protocol')
    const other = as(broker.brokers[0] ?? '', 'security.protocol=SSL\n')
    const tls = await other
      .publisher({ requestTimeoutMs: 1_000, retries: 0 })
      .publish([record(topic, 'a')])
      .catch((error: AppError) => error)
    expect((tls as unknown as AppError).code).toMatch(/KC_KAFKA_(TLS|UNREACHABLE)/)
  })
})
