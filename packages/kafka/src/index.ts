export { createEmbeddedLog, type EmbeddedLogOptions } from './embedded/embedded-log.ts'
export type { ConsumerGroup } from './inspect/consumer-groups.ts'
export { type BrokerAddress, createKafkaInspector, type KafkaInspector } from './inspect/kafka-inspector.ts'
export { NEEDED_APIS, type NeededApi } from './inspect/needed-apis.ts'
export type { ApiRange } from './kafkajs/broker-link.ts'
export { createKafkaLog, type KafkaLogOptions } from './kafkajs/kafka-log.ts'
export type { Metadata, TopicMetadata } from './kafkajs/metadata.ts'
export type {
  CommittedOffset,
  Log,
  LogBatch,
  LogGap,
  NewTopic,
  OffsetRange,
  OutgoingRecord,
  Publisher,
  PublisherOptions,
  Reader,
  ReaderEvent,
  ReaderLag,
  ReadOptions,
  TopicDescription,
} from './log.ts'
export { readAll, readEach, readOnce, readRanges } from './read-range.ts'
export type { KafkaProperties, SaslOptions } from './security/kafka-properties.ts'
export { parseKafkaProperties } from './security/parse-kafka-properties.ts'
