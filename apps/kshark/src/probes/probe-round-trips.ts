import { type Env, sleep } from '@kafclaw/env'
import { AppError, type RawRecord } from '@kafclaw/envelope'
import type { Log, Publisher } from '@kafclaw/kafka'

/** The only topic that kshark ever writes to; outside of the prefix of any group. */
export const PROBE_TOPIC = 'kafclaw.kshark.probe'

const PROBE_CONFIGS = {
  'cleanup.policy': 'delete',
  'retention.ms': '3600000',
  'message.timestamp.type': 'LogAppendTime',
}

/** One record from here to the log and back; wall clock times in epoch milliseconds. */
export interface Trip {
  /** From sending to having it from a reader. */
  roundMs: number
  /** From sending to the acknowledgement. */
  ackMs: number
  sentAtMs: number
  ackedAtMs: number
  /** When the broker appended it, by the clock of the broker. */
  appendedAtMs: number
}

export type ProbeResult =
  | { kind: 'made'; trips: Trip[]; isBrokerTime: boolean }
  /** The topic is not there and this user may not create it, or may not use it. */
  | { kind: 'denied'; reason: string }

const TRIPS = 10
const LONGEST_TRIP_MS = 5_000

/**
 * Sends records to the probe topic one after another and waits for each at a reader, as a participant would. Creates the topic
 * when it is missing. Error: KC_KAFKA_TIMEOUT when a record does not come back.
 */
export async function probeRoundTrips(options: {
  env: Env
  log: Log
  /** Names of the topics there are. */
  topics: readonly string[]
}): Promise<ProbeResult> {
  const { env, log, topics } = options
  try {
    if (!topics.includes(PROBE_TOPIC)) {
      await log.createTopics([{ name: PROBE_TOPIC, partitions: 1, configs: PROBE_CONFIGS }])
    }
    const [description] = await log.describe([PROBE_TOPIC])
    const isBrokerTime = description?.configs['message.timestamp.type'] === 'LogAppendTime'
    return { kind: 'made', trips: await makeTrips(env, log), isBrokerTime }
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'KC_KAFKA_NOT_AUTHORISED') throw thrown
    return { kind: 'denied', reason: thrown.message }
  }
}

async function makeTrips(env: Env, log: Log): Promise<Trip[]> {
  let arrive: (record: RawRecord) => void = () => {}
  const publisher = log.publisher({ lane: 'probe', requestTimeoutMs: LONGEST_TRIP_MS, retries: 0 })
  const reader = log.read({
    topics: [PROBE_TOPIC],
    position: () => 'end',
    onBatch(batches) {
      for (const batch of batches) for (const record of batch.records) arrive(record)
    },
  })
  const arrivalOf = (marker: string): Promise<RawRecord> => {
    const { promise, resolve } = Promise.withResolvers<RawRecord>()
    arrive = (record) => {
      if (record.key?.toString() === marker) resolve(record)
    }
    return withinLimit(env, Promise.race([promise, reader.ended.then(() => promise)]))
  }
  try {
    await withinLimit(env, Promise.race([reader.caughtUp, reader.ended]))
    // The first one opens connections and does not count.
    await makeTrip(env, publisher, arrivalOf)
    const trips: Trip[] = []
    while (trips.length < TRIPS) trips.push(await makeTrip(env, publisher, arrivalOf))
    return trips
  } finally {
    await Promise.all([reader.close(), publisher.close()])
  }
}

async function makeTrip(
  env: Env,
  publisher: Publisher,
  arrivalOf: (marker: string) => Promise<RawRecord>,
): Promise<Trip> {
  const marker = env.newId()
  const arrival = arrivalOf(marker)
  const sentAtMs = env.now()
  const startedMs = env.monotonicMs()
  const value = Buffer.from('{"type":"kshark_probe"}')
  const acked = publisher
    .publish([{ topic: PROBE_TOPIC, partition: 0, key: Buffer.from(marker), value, headers: [] }])
    .then(() => ({ ackMs: env.monotonicMs() - startedMs, ackedAtMs: env.now() }))
  const [record, { ackMs, ackedAtMs }] = await Promise.all([
    arrival.then(({ timestampMs }) => ({ appendedAtMs: timestampMs, roundMs: env.monotonicMs() - startedMs })),
    acked,
  ])
  return { ...record, ackMs, sentAtMs, ackedAtMs }
}

async function withinLimit<T>(env: Env, work: Promise<T>): Promise<T> {
  const done = new AbortController()
  const late = sleep(env, LONGEST_TRIP_MS, done.signal).then(() => {
    throw new AppError(
      'KC_KAFKA_TIMEOUT',
      `A record sent to ${PROBE_TOPIC} did not come back within ${LONGEST_TRIP_MS} ms`,
    )
  })
  late.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
  }
}
