import type { Logger } from '@kafclaw/telemetry'
import type { ApiRange, BrokerLink } from '../kafkajs/broker-link.ts'
import { fetchMetadata, type Metadata } from '../kafkajs/metadata.ts'
import { type KafkaProperties, PLAINTEXT } from '../security/kafka-properties.ts'
import { type ConsumerGroup, findConsumerGroups } from './consumer-groups.ts'
import { fetchSaslMechanisms } from './sasl-mechanisms.ts'

/** Where a broker listens; `host` without the brackets of an IPv6 address. */
export interface BrokerAddress {
  host: string
  port: number
}

/**
 * Looks at brokers one by one, each question on a connection of its own and tried once, so that an answer says something about
 * that broker and now. Writes nothing. All questions throw AppError as connections do: KC_KAFKA_UNREACHABLE, KC_KAFKA_TLS,
 * KC_KAFKA_AUTHENTICATION, KC_KAFKA_TIMEOUT.
 */
export interface KafkaInspector {
  /** The requests that the broker speaks; asked without credentials. */
  apiRanges(broker: BrokerAddress): Promise<readonly ApiRange[]>
  /** The mechanisms that the listener offers, null where it does not use SASL; asked without credentials. */
  saslMechanisms(broker: BrokerAddress): Promise<string[] | null>
  /** The cluster and the topics named, as this broker tells them to who we are. */
  metadata(broker: BrokerAddress, topics?: readonly string[]): Promise<Metadata>
  /** The consumer groups that this broker coordinates and that have to do with a topic that `concerns` us. */
  consumerGroups(broker: BrokerAddress, concerns: (topic: string) => boolean): Promise<ConsumerGroup[]>
}

export interface KafkaInspectorOptions {
  clientId: string
  /** From parseKafkaProperties; without it plain text and no credentials. */
  properties?: KafkaProperties | undefined
  logger: Logger
  /** For the connection and for each answer; default 5,000. */
  timeoutMs?: number
}

/** An inspector of brokers; it keeps no connection open. */
export function createKafkaInspector(options: KafkaInspectorOptions): KafkaInspector {
  const properties = options.properties ?? PLAINTEXT
  const withoutCredentials: KafkaProperties = { ...properties, sasl: null }

  async function ask<T>(
    { host, port }: BrokerAddress,
    as: KafkaProperties,
    question: (link: BrokerLink) => Promise<T>,
  ): Promise<T> {
    const { createKafkajsLogger, openBrokerLink } = await import('../kafkajs/kafkajs-doors.ts')
    const link = await openBrokerLink({
      host,
      port,
      nodeId: null,
      clientId: options.clientId,
      properties: as,
      requestTimeoutMs: options.timeoutMs ?? 5_000,
      kafkajsLogger: createKafkajsLogger(options.logger),
      signal: new AbortController().signal,
    })
    try {
      return await question(link)
    } finally {
      link.destroy()
    }
  }

  return {
    apiRanges: (broker) => ask(broker, withoutCredentials, ({ offered }) => Promise.resolve(offered)),
    saslMechanisms(broker) {
      // Whoever has no credentials names a mechanism that nobody has, and is told those that there are.
      const mechanism = properties.sasl?.mechanism.toUpperCase() ?? 'NONE'
      return ask(broker, withoutCredentials, (link) => fetchSaslMechanisms(link, mechanism))
    },
    metadata: (broker, topics = []) => ask(broker, properties, (link) => fetchMetadata(link, topics)),
    consumerGroups: (broker, concerns) => ask(broker, properties, (link) => findConsumerGroups(link, concerns)),
  }
}
