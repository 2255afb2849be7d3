export { createEmbeddedLog, type EmbeddedLogOptions } from './embedded/embedded-log.ts'
export { createKafkaLog, type KafkaLogOptions } from './kafkajs/kafka-log.ts'
export type {
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
export { readAll, readOnce, readRanges } from './read-range.ts'
export type { KafkaProperties, SaslOptions } from './security/kafka-properties.ts'
export { parseKafkaProperties } from './security/parse-kafka-properties.ts'
