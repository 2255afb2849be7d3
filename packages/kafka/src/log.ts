import type { AppError, RawRecord, RecordHeaders, RecordPlace } from '@kafclaw/envelope'

/** A record to be written; the caller has chosen the partition (murmur2 of the key), so a retry can never deal it to another. */
export interface OutgoingRecord {
  topic: string
  partition: number
  key: Buffer | null
  value: Buffer | null
  headers: RecordHeaders
}

/** Offsets that a reader passed over without seeing them; `to` is the first offset after the gap. */
export interface LogGap {
  from: number
  to: number
  /** `below_start`: the log had already deleted them. `corrupt`: no decoder can read the batch that holds them. */
  reason: 'below_start' | 'corrupt'
}

/** What one fetch answer held of one partition. */
export interface LogBatch {
  topic: string
  partition: number
  /** The offset that was asked for. */
  fromOffset: number
  /** Where reading goes on; larger than the last record's offset + 1 where the log was compacted. */
  nextOffset: number
  /** First offset that the log still holds, where the answer says it. */
  logStartOffset?: number
  records: RawRecord[]
  /** A `below_start` gap lies before the records, a `corrupt` one after them. */
  gap?: LogGap
}

/** One lane of writing: one batch in flight, callers are served in order. */
export interface Publisher {
  /**
   * Writes the records and resolves with their positions, in the order given, when all are acknowledged and counted.
   * Throws AppError: KC_KAFKA_TIMEOUT (unknown whether written) and KC_KAFKA_UNREACHABLE (retryable);
   * KC_KAFKA_RECORD_TOO_LARGE, KC_KAFKA_UNKNOWN_TOPIC, KC_KAFKA_NOT_AUTHORISED, KC_KAFKA_AUTHENTICATION, KC_KAFKA_REJECTED
   * (not). Where a part of the batch was refused, `details.failed` lists the indexes of the records not written.
   */
  publish(records: readonly OutgoingRecord[]): Promise<RecordPlace[]>
  /** Waits for the batch in flight, at most about a second, and closes. */
  close(): Promise<void>
}

export interface PublisherOptions {
  /** To be written to soon: it connects to their leaders now, and not at the first publish. What fails then is tried again by that. */
  topics?: readonly string[]
  /** Name for logs and the client id, for example `outbox` or `heartbeat`. */
  lane?: string
  /** How long one attempt may take; default 10,000. */
  requestTimeoutMs?: number
  /**
   * Attempts after the first, as a budget of time: (retries + 1) x requestTimeoutMs; default 2. `Infinity` retries until
   * `close`, and then no retry can ever write twice; 0 never sends a batch again whose fate is unknown.
   */
  retries?: number
  /** Called before each new attempt with what went wrong. */
  onRetry?(error: AppError): void
}

/** What happens to a reader beside records; none of them ends it. */
export type ReaderEvent =
  | { kind: 'connected'; broker: string }
  | { kind: 'disconnected'; broker: string; error: AppError }
  | { kind: 'retrying'; error: AppError; delayMs: number }
  | { kind: 'unknown_topic'; topic: string }
  | { kind: 'below_start'; topic: string; partition: number; from: number; to: number }
  | { kind: 'beyond_end'; topic: string; partition: number; position: number; end: number; error: AppError }
  | { kind: 'corrupt_batch'; topic: string; partition: number; from: number; to: number; error: AppError }

export interface ReadOptions {
  topics: readonly string[]
  /** Where to begin, asked once per partition when it is first seen. */
  position(topic: string, partition: number): number | 'start' | 'end'
  /**
   * One call per fetch answer, over all topics of one leader; calls of one reader never overlap, and nothing more is
   * fetched from that leader before it has returned. An error thrown here ends the reader.
   */
  onBatch(batches: readonly LogBatch[]): void | Promise<void>
  onEvent?(event: ReaderEvent): void
  /** How long a fetch without records waits at the broker; default 200. It delays no record, only pause and resume. */
  maxWaitMs?: number
  /** Most bytes of records per fetch answer; default 4 MiB. */
  maxBytes?: number
}

export interface ReaderLag {
  topic: string
  partition: number
  position: number
  end: number
  lag: number
}

export interface Reader {
  /**
   * Resolves when every partition was read past the end offset it had at start (or at `addTopics`, while still pending).
   * A topic that does not exist counts as read, and a paused one is not waited for; a partition whose position lies beyond the end never
   * does.
   */
  readonly caughtUp: Promise<void>
  /** Resolves after `close`; rejects with an AppError, or the handler's own error, when the reader died. */
  readonly ended: Promise<void>
  /** Reads further topics; resolves when their positions are known, or at once where a topic does not exist yet. */
  addTopics(topics: readonly string[]): Promise<void>
  /** Delivers nothing more of the topics until `resume`; what was fetched meanwhile is fetched again. */
  pause(topics: readonly string[]): void
  resume(topics: readonly string[]): void
  /** As of the last fetch: of a paused topic, as of its pause. */
  lag(): ReaderLag[]
  /** Stops fetching at once and waits for a running `onBatch`. */
  close(): Promise<void>
}

export interface TopicDescription {
  name: string
  partitions: number
  replicationFactor: number
  /** Values in force, defaults included. */
  configs: Record<string, string>
}

export interface NewTopic {
  name: string
  partitions: number
  configs: Record<string, string>
}

export interface OffsetRange {
  topic: string
  partition: number
  /** First offset that the log still holds. */
  start: number
  /** The offset that the next record will get. */
  end: number
}

/** The next offset to read of a partition, as a consumer group has committed it. */
export interface CommittedOffset {
  topic: string
  partition: number
  offset: number
}

/** The wire: topics, partitions and offsets, on Apache Kafka or in one SQLite file. */
export interface Log {
  readonly kind: 'kafka' | 'embedded'
  /** Identifies the log; positions of another log mean nothing. */
  clusterId(): Promise<string>
  /** Connects at first use, or at once where it is told the topics. */
  publisher(options?: PublisherOptions): Publisher
  /** Starts at once. Brokers out of reach are retried for ever, with events; a topic not authorised ends it. */
  read(options: ReadOptions): Reader
  listTopics(): Promise<string[]>
  /** Descriptions of those topics that exist. */
  describe(topics: readonly string[]): Promise<TopicDescription[]>
  /** Names really created; a topic that exists is no error. */
  createTopics(topics: readonly NewTopic[]): Promise<string[]>
  /** A topic that does not exist is no error. Never for topics in use. */
  deleteTopics(names: readonly string[]): Promise<void>
  /** KC_KAFKA_UNKNOWN_TOPIC when a topic does not exist. */
  offsets(topics: readonly string[]): Promise<OffsetRange[]>
  /** Per partition the first offset whose record was appended at or after `timestampMs`, else the end offset. */
  offsetsAt(
    topics: readonly string[],
    timestampMs: number,
  ): Promise<Array<{ topic: string; partition: number; offset: number }>>
  /**
   * Commits offsets under the name of a consumer group that has no members, all in one write; a later commit of a partition
   * replaces the earlier one. KC_KAFKA_NOT_AUTHORISED without READ on the group and the topics.
   */
  commitGroupOffsets(groupName: string, offsets: readonly CommittedOffset[]): Promise<void>
  /** What the group has committed of these topics; partitions without a commit are left out. They go with their topic. */
  groupOffsets(groupName: string, topics: readonly string[]): Promise<CommittedOffset[]>
  close(): Promise<void>
}
