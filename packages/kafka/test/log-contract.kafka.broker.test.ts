import { createSystemEnv } from '@kafclaw/env'
import { createLogger } from '@kafclaw/telemetry'
import { sharedBrokers, uniqueName } from '@kafclaw/testing'
import { Kafka, logLevel } from 'kafkajs'
import { describe } from 'vitest'
import { createKafkaLog } from '../src/index.ts'
import { patchRequestQueueTimer } from '../src/kafkajs/request-queue-timer.ts'
import type { LogForm } from './contract/contract-log.ts'
import { logContract } from './log-contract.ts'

describe('contract log: kafka', () => {
  logContract(async (): Promise<LogForm> => {
    const brokers = sharedBrokers()
    const env = createSystemEnv()
    const logger = createLogger({ service: 'test', level: 'error' })
    const admin = new Kafka({ brokers, clientId: uniqueName('admin'), logLevel: logLevel.NOTHING }).admin()
    patchRequestQueueTimer()
    await admin.connect()
    return {
      open: () => createKafkaLog({ brokers, clientId: uniqueName('contract'), env, logger }),
      async deleteBefore(topic, partition, offset) {
        // Loads the metadata that the next call takes for granted.
        await admin.fetchTopicOffsets(topic)
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] })
      },
      async compact() {
        // The broker's cleaner does so by itself.
      },
      [Symbol.asyncDispose]: () => admin.disconnect(),
    }
  })
})
