import { createRequire } from 'node:module'
import type { Batch as BatchType } from 'kafkajs'

const require = createRequire(import.meta.url)
const { Kafka, logLevel } = require('kafkajs')
const Cluster = require('kafkajs/src/cluster')
const Batch = require('kafkajs/src/consumer/batch')
const RequestQueue = require('kafkajs/src/network/requestQueue')
const murmur2 = require('kafkajs/src/producer/partitioners/default/murmur2')

/** The baseline of the benchmarks: kafkajs and nothing else, but for the patch of its 1 ms timer. */
RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(this: {
  pending: unknown[]
  throttleCheckTimeoutId: unknown
  throttledUntil: number
  checkPendingRequests(): void
}): void {
  if (this.pending.length === 0 || this.throttleCheckTimeoutId) return
  const waitMs = Math.max(10, this.throttledUntil - Date.now())
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null
    this.checkPendingRequests()
  }, waitMs)
}

export type ReadingBy = 'group' | 'groupless'
export interface RawMessage {
  key: Buffer
  value: Buffer
}

export function createRaw(brokers: readonly string[]) {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, clientId: 'raw' })
  return {
    async producer() {
      const producer = kafka.producer({ allowAutoTopicCreation: false })
      await producer.connect()
      return {
        send: (topic: string, messages: readonly RawMessage[], partitions: number): Promise<unknown> =>
          producer.send({
            topic,
            acks: -1,
            messages: messages.map(({ key, value }) => ({
              key,
              value,
              partition: (murmur2(key) & 0x7fffffff) % partitions,
            })),
          }),
        close: (): Promise<void> => producer.disconnect(),
      }
    },
    read: (topic: string, by: ReadingBy, onMessages: (messages: readonly RawMessage[]) => void) =>
      by === 'group' ? readByGroup(kafka, topic, onMessages) : readGroupless(brokers, topic, onMessages),
  }
}

// biome-ignore lint/suspicious/noExplicitAny: kafkajs's inner classes have no types, and the baseline adds none.
type Untyped = any

async function readByGroup(
  kafka: Untyped,
  topic: string,
  onMessages: (messages: readonly RawMessage[]) => void,
): Promise<() => Promise<void>> {
  const consumer = kafka.consumer({ groupId: `raw-${topic}-${process.pid}-${Date.now()}`, maxWaitTimeInMs: 200 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve))
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }: { batch: BatchType }) => onMessages(batch.messages as RawMessage[]),
  })
  await joined
  return () => consumer.disconnect()
}

async function readGroupless(
  brokers: readonly string[],
  topic: string,
  onMessages: (messages: readonly RawMessage[]) => void,
): Promise<() => Promise<void>> {
  const { createLogger } = require('kafkajs/src/loggers')
  const cluster = new Cluster({
    logger: createLogger({ level: 0, logCreator: () => () => undefined }),
    retry: {},
    brokers: [...brokers],
    clientId: 'raw-reader',
    socketFactory: require('kafkajs/src/network/socketFactory')(),
    connectionTimeout: 5000,
    requestTimeout: 10_000,
    enforceRequestTimeout: true,
    metadataMaxAge: 300_000,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: 0,
  })
  await cluster.connect()
  await cluster.addTargetTopic(topic)
  const partitions: number[] = cluster
    .findTopicPartitionMetadata(topic)
    .map((metadata: Untyped) => metadata.partitionId)
  const position = new Map<number, string>(partitions.map((partition) => [partition, '0']))
  let running = true
  const loops = Object.entries(cluster.findLeaderForPartitions(topic, partitions)).map(async ([nodeId, own]) => {
    while (running) {
      const broker = await cluster.findBroker({ nodeId })
      const { responses } = await broker.fetch({
        maxWaitTime: 200,
        minBytes: 1,
        maxBytes: 10_485_760,
        isolationLevel: 0,
        topics: [
          {
            topic,
            partitions: (own as number[]).map((partition) => ({
              partition,
              fetchOffset: position.get(partition),
              maxBytes: 1_048_576,
            })),
          },
        ],
      })
      for (const response of responses) {
        for (const data of response.partitions) {
          const batch = new Batch(topic, position.get(data.partition), data)
          if (batch.rawMessages.length === 0) continue
          position.set(data.partition, String(BigInt(batch.lastOffset()) + 1n))
          if (batch.messages.length > 0) onMessages(batch.messages)
        }
      }
    }
  })
  return async () => {
    running = false
    await Promise.all(loops)
    await cluster.disconnect()
  }
}
