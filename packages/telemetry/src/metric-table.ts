import type { HistogramSpec, MetricSpec } from './metrics.ts'

/** Bounds that tell a local disk (about 1 ms a commit) from a network disk (10 ms and more). */
const COMMIT_BUCKETS_MS = [0.5, 1, 2, 5, 10, 20, 50, 100, 250, 1000, 5000]

/** From an answer within one fetch to a model that thinks for minutes. */
const RUN_BUCKETS_MS = [10, 50, 100, 500, 1000, 5000, 15_000, 60_000, 300_000, 900_000]

/** Every metric of KafClaw; the help says what it means for an operator when the value rises. */
export const METRICS = {
  readerLag: {
    name: 'kafclaw_reader_lag_records',
    help: 'Records of the topic that this service has not read yet. A rise means that it reads slower than others write, or that Kafka does not answer it; when it stays, look at the commit duration and the log.',
    labels: ['topic'],
  },
  outboxOldest: {
    name: 'kafclaw_outbox_oldest_seconds',
    help: 'Age of the oldest record that is stored and not yet acknowledged by Kafka. A rise means that Kafka is away or refuses records; work goes on locally and is sent when Kafka is back.',
  },
  outboxRows: {
    name: 'kafclaw_outbox_rows',
    help: 'Records that wait to be sent. A rise together with the oldest age means that Kafka is away; a rise alone is a burst.',
  },
  outboxParked: {
    name: 'kafclaw_outbox_parked_rows',
    help: 'Records that Kafka refused for good and that will not be sent again by themselves. Any value above 0 needs a person: the log names the topic and the reason.',
  },
  tasksOpen: {
    name: 'kafclaw_tasks_open',
    help: 'Tasks that this service knows of and that have no outcome yet. A steady rise means that more is asked than the agents can do: add workers or raise KAFCLAW_CONCURRENCY.',
  },
  oldestUnclaimed: {
    name: 'kafclaw_oldest_unclaimed_request_seconds',
    help: 'Age of the oldest request that nobody has claimed, told by one service of the zone; 0 on the others, so take the maximum. A rise means that no agent with that skill is free or live: add workers, or look at which skill is asked for.',
  },
  runsRunning: {
    name: 'kafclaw_runs_running',
    help: 'Runs that work right now. When it has risen to KAFCLAW_CONCURRENCY, the worker is full and further tasks wait.',
  },
  claims: {
    name: 'kafclaw_claims_total',
    help: 'Claims of this worker, by result (won, lost). A rise of lost ones means that workers see the log at very different speeds; look at the reader lag.',
    labels: ['result'],
  },
  outcomes: {
    name: 'kafclaw_outcomes_total',
    help: 'Outcomes that this service published, by status. A rise of failed ones means that the model or a tool fails; the log says which.',
    labels: ['status'],
  },
  deadLetters: {
    name: 'kafclaw_dead_letters_total',
    help: 'Records that could not be used and were written to the dlq topic, by code. A rise means that some sender writes malformed records; kc_dlq_* headers name the place.',
    labels: ['code'],
  },
  recordsSkipped: {
    name: 'kafclaw_records_skipped_total',
    help: 'Records of a type that this release does not know, by type. A rise means that a newer release takes part in the group: upgrade this one.',
    labels: ['type'],
  },
  gapRecords: {
    name: 'kafclaw_gap_records_total',
    help: 'Offsets that this service passed over without reading them, by topic and reason. Any rise is a loss. below_start: the service was away for longer than the retention of the topic; corrupt: a batch on the broker is damaged.',
    labels: ['topic', 'reason'],
  },
  leasesLost: {
    name: 'kafclaw_leases_lost_total',
    help: 'Times that this worker stopped to act because its heartbeat was not acknowledged in time. A rise means that Kafka is slow or away, or that the process is starved of CPU.',
  },
  publishFailures: {
    name: 'kafclaw_publish_failures_total',
    help: 'Batches that Kafka did not acknowledge, by code; retryable ones are sent again. A rise means that Kafka is away or refuses; the code says which.',
    labels: ['code'],
  },
  commitDuration: {
    name: 'kafclaw_commit_duration_ms',
    help: 'Time of one transaction on the local database, milliseconds. A rise means that the disk is slow or shared; everything this service does waits for it.',
    bucketsMs: COMMIT_BUCKETS_MS,
  },
  runDuration: {
    name: 'kafclaw_run_duration_ms',
    help: 'Time from the start of a run to its outcome, milliseconds. A rise means that the model or a tool answers slower.',
    bucketsMs: RUN_BUCKETS_MS,
  },
  modelTokens: {
    name: 'kafclaw_model_tokens_total',
    help: 'Tokens that the model counted, by direction (input, output). A rise costs money; long conversations and repeated runs are the usual reasons.',
    labels: ['direction'],
  },
} as const satisfies Record<string, MetricSpec | HistogramSpec>
