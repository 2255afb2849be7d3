import { WRITE_LIMIT_BYTES } from '@kafclaw/envelope'
import type { NewTopic, TopicDescription, TopicMetadata } from '@kafclaw/kafka'

/** One sentence for each difference: what breaks promises, and what only costs. */
export interface Differences {
  wrong: string[]
  doubtful: string[]
}

/**
 * Differences of these cost disk or time and break nothing. All others do: LogAppendTime is the clock of leases, local state is
 * kept for as long as the retention of the table, and tombstones must outlive an absence.
 */
const HARMLESS = ['compression.type', 'segment.ms', 'min.cleanable.dirty.ratio']

/** A copy home is as large as its source, which may have this size. */
const LARGEST_RECORD_BYTES = 1024 * 1024
/** Replicas that survive one lost broker while another is down for maintenance. */
const GOOD_REPLICATION = 3

export function compareTopic(topic: {
  wanted: NewTopic
  actual: TopicDescription
  partitions: TopicMetadata['partitions']
  /** How many the cluster has. */
  brokers: number
}): Differences {
  const differences: Differences = { wrong: [], doubtful: [] }
  compareConfigs(topic, differences)
  judgeReplicas(topic, differences)
  judgeSize(topic.actual, differences)
  return differences
}

function compareConfigs(
  { wanted, actual }: { wanted: NewTopic; actual: TopicDescription },
  { wrong, doubtful }: Differences,
): void {
  if (actual.partitions !== wanted.partitions)
    wrong.push(`has ${actual.partitions} partitions, must have ${wanted.partitions}`)
  for (const [config, value] of Object.entries(wanted.configs)) {
    const found = actual.configs[config]
    if (found === value) continue
    const list = HARMLESS.includes(config) ? doubtful : wrong
    list.push(`${config} is ${found ?? 'not set'}, must be ${value}`)
  }
}

function judgeReplicas(
  { actual, partitions, brokers }: Parameters<typeof compareTopic>[0],
  { wrong, doubtful }: Differences,
): void {
  const replicas = actual.replicationFactor
  const inSync = Number(actual.configs['min.insync.replicas'] ?? 1)
  const good = Math.min(GOOD_REPLICATION, brokers)
  if (replicas < good) doubtful.push(`replication is ${replicas} on ${brokers} brokers, better ${good}`)
  if (inSync > replicas) wrong.push(`min.insync.replicas ${inSync} is above replication ${replicas}: no write succeeds`)
  else if (replicas > 1 && inSync === replicas)
    doubtful.push(`min.insync.replicas ${inSync} is all of them: one broker away stops writes`)
  else if (replicas >= GOOD_REPLICATION && inSync < 2)
    doubtful.push(`min.insync.replicas is ${inSync}: an acknowledged record may be on one broker only`)
  const leaderless = partitions.filter(({ leader }) => leader < 0).map(({ partition }) => partition)
  if (leaderless.length > 0) wrong.push(`partition ${leaderless.join(', ')} has no leader now`)
  const behind = partitions.filter((entry) => entry.inSync < entry.replicas).map(({ partition }) => partition)
  if (behind.length > 0) doubtful.push(`replicas of partition ${behind.join(', ')} are behind`)
}

function judgeSize(actual: TopicDescription, { wrong, doubtful }: Differences): void {
  const limitBytes = Number(actual.configs['max.message.bytes'] ?? LARGEST_RECORD_BYTES)
  if (limitBytes < WRITE_LIMIT_BYTES)
    wrong.push(`max.message.bytes ${limitBytes} is below the ${WRITE_LIMIT_BYTES} that we write`)
  else if (limitBytes < LARGEST_RECORD_BYTES)
    doubtful.push(`max.message.bytes ${limitBytes} is below the ${LARGEST_RECORD_BYTES} that we read`)
}
