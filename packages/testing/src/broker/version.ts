/** The Apache Kafka that is started for tests and for the demo, from Maven jars or as the image of the same tag. */
export const KAFKA_VERSION = '4.4.0'

/** Kafka 4 runs on this Java and later. */
export const JAVA_LEAST = 17
