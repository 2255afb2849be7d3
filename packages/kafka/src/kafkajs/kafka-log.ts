import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { Logger } from '@kafclaw/telemetry'
import type { Log, Publisher, Reader } from '../log.ts'
import { type KafkaProperties, PLAINTEXT } from '../security/kafka-properties.ts'
import { createCluster } from './cluster.ts'
import { createKafkaPublisher } from './publisher.ts'
import { createKafkaReader } from './reader.ts'
import { createTopicAdmin } from './topic-admin.ts'

export interface KafkaLogOptions {
  /** `host:port` each. */
  brokers: readonly string[]
  clientId: string
  /** From parseKafkaProperties; without it plain text and no credentials. */
  properties?: KafkaProperties | undefined
  env: Env
  logger: Logger
  /** Brokers check that nothing is written twice; default true. Off for brokers that do not know it. */
  idempotent?: boolean | undefined
  /** For batches above 16 KiB; default none. */
  compression?: 'none' | 'gzip' | undefined
}

const REQUEST_TIMEOUT_MS = 10_000
const RETRIES = 2

/**
 * The Log on Apache Kafka, through kafkajs's connections. Each publisher has connections of its own, each reader those over which it
 * fetches; all other questions share one to each broker.
 */
export function createKafkaLog(options: KafkaLogOptions): Log {
  if (options.brokers.length === 0) {
    throw new AppError('KC_CONFIG_INVALID', 'No Kafka broker is named; set KAFCLAW_KAFKA_BROKERS to host:port,...')
  }
  const logger = options.logger.child({ part: 'kafka' })
  const open = new Set<Publisher | Reader>()
  for (const note of options.properties?.notes ?? []) logger.info(`Kafka properties: ${note}`)

  function cluster(lane: string, requestTimeoutMs = REQUEST_TIMEOUT_MS) {
    return createCluster({
      brokers: options.brokers,
      clientId: lane ? `${options.clientId}-${lane}` : options.clientId,
      properties: options.properties ?? PLAINTEXT,
      requestTimeoutMs,
      env: options.env,
      logger,
    })
  }

  const shared = cluster('')
  const admin = createTopicAdmin(shared, { env: options.env, requestTimeoutMs: REQUEST_TIMEOUT_MS })

  /** Closed with the log, unless it was closed before. */
  function tracked<T extends Publisher | Reader>(member: T): T {
    const close = member.close
    member.close = () => {
      open.delete(member)
      return close()
    }
    open.add(member)
    return member
  }

  return {
    kind: 'kafka',
    ...admin,
    publisher({
      topics = [],
      lane = 'publish',
      requestTimeoutMs = REQUEST_TIMEOUT_MS,
      retries = RETRIES,
      onRetry,
    } = {}) {
      return tracked(
        createKafkaPublisher({
          cluster: cluster(lane, requestTimeoutMs),
          topics,
          env: options.env,
          logger,
          idempotent: options.idempotent ?? true,
          compression: options.compression ?? 'none',
          requestTimeoutMs,
          retries,
          onRetry,
        }),
      )
    },
    read(readOptions) {
      return tracked(createKafkaReader({ cluster: shared, env: options.env, logger }, readOptions))
    },
    async close() {
      await Promise.all([...open].map((member) => member.close()))
      shared.close()
    },
  }
}
