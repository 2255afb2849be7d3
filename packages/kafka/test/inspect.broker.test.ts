import { createSystemEnv } from '@kafclaw/env'
import { createLogger } from '@kafclaw/telemetry'
import { sharedBrokers, uniqueName } from '@kafclaw/testing'
import { type Consumer, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type BrokerAddress, createKafkaInspector, createKafkaLog, type Log, NEEDED_APIS } from '../src/index.ts'

const IN_TIME = { timeout: 60_000, interval: 200 }
const logger = createLogger({ service: 'test', level: 'silent' })
const topic = uniqueName('inspected')
const groupId = uniqueName('reader')
const inspector = createKafkaInspector({ clientId: 'inspector', logger })

let log: Log
let broker: BrokerAddress
let consumer: Consumer

beforeAll(async () => {
  const [host = '', port] = (sharedBrokers()[0] ?? '').split(':')
  broker = { host, port: Number(port) }
  log = createKafkaLog({ brokers: sharedBrokers(), clientId: 'test', env: createSystemEnv(), logger })
  await log.createTopics([{ name: topic, partitions: 1, configs: {} }])
  const record = { topic, partition: 0, key: null, value: Buffer.from('a'), headers: [] }
  await log.publisher().publish([record, record])
  const kafka = new Kafka({ brokers: sharedBrokers(), clientId: 'somebody', logLevel: logLevel.NOTHING })
  consumer = kafka.consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
})

afterAll(async () => {
  await consumer?.disconnect()
  await log?.close()
})

describe('a look at a broker', () => {
  it('shows the requests that it speaks, ours among them', async () => {
    const offered = await inspector.apiRanges(broker)
    for (const { key, min, max } of NEEDED_APIS) {
      const range = offered.find((entry) => entry.key === key)
      expect(range && range.min <= max && range.max >= min).toBe(true)
    }
  })

  it('says that a plain listener uses no SASL', async () => {
    expect(await inspector.saslMechanisms(broker)).toBeNull()
  })

  it('shows cluster, leaders and replicas', async () => {
    const { clusterId, brokers, topics } = await inspector.metadata(broker, [topic])
    expect(clusterId).toBe(await log.clusterId())
    expect(brokers).toMatchObject([broker])
    expect(topics).toMatchObject([{ topic, partitions: [{ partition: 0, replicas: 1, inSync: 1 }] }])
  })

  it('shows consumer groups with members, what they read and what they have committed, and no others', async () => {
    const look = () => inspector.consumerGroups(broker, (name) => name === topic)
    await consumer.run({ eachMessage: async () => {} })
    await vi.waitFor(async () => {
      expect(await look()).toMatchObject([{ groupId, members: ['somebody'], topics: [topic] }])
    }, IN_TIME)
    await consumer.commitOffsets([{ topic, partition: 0, offset: '1' }])
    await consumer.stop()
    await vi.waitFor(async () => {
      const [group, ...more] = await look()
      expect(more).toEqual([])
      expect(group).toMatchObject({ groupId, members: [], committed: [{ topic, partition: 0 }] })
    }, IN_TIME)
    expect(await inspector.consumerGroups(broker, () => false)).toEqual([])
  })
})
