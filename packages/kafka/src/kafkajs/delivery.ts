import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { AppError, type RecordPlace } from '@kafclaw/envelope'
import { CODECS } from '../codecs/codecs.ts'
import { encodeRecordBatch, encodeRecords, NO_PRODUCER } from '../record-batch/encode-record-batch.ts'
import { answerCode, answerError } from './answer-code.ts'
import type { BrokerLink } from './broker-link.ts'
import type { Cluster } from './cluster.ts'
import { createLeaderCache } from './leader-cache.ts'
import { type ProducedPartition, produceBatches } from './produce-request.ts'
import { fetchProducerId, type ProducerId } from './producer-id.ts'
import { type Parcel, placeParcel } from './send-plan.ts'

const COMPRESS_ABOVE_BYTES = 16 * 1024
const compressGzip = promisify(gzip)

/** One publish call under way. */
export interface Job {
  pending: Parcel[]
  places: RecordPlace[]
  /** Indexes that Kafka refused for good, and why. */
  failed: number[]
  refusal: AppError | null
  lastError: AppError | null
}

export interface Delivery {
  begin(parcels: Parcel[]): Job
  /** Sends what is pending once, one parcel per partition at a time; never throws. */
  attempt(job: Job): Promise<void>
  finish(job: Job): RecordPlace[]
  /** The error for a job that is not tried any more; forgets the sequence where a parcel's fate is unknown. */
  giveUp(job: Job, error: AppError): AppError
}

export function createDelivery(deps: {
  cluster: Cluster
  env: { now(): number }
  idempotent: boolean
  compression: 'none' | 'gzip'
  requestTimeoutMs: number
}): Delivery {
  const leaders = createLeaderCache(deps.cluster)
  let producer: ProducerId | null = null

  async function encode(parcel: Parcel): Promise<Buffer> {
    if (parcel.batch) return parcel.batch
    const plain = encodeRecords(parcel.records)
    const squeeze = deps.compression === 'gzip' && plain.length > COMPRESS_ABOVE_BYTES
    parcel.batch = encodeRecordBatch(squeeze ? await compressGzip(plain) : plain, {
      count: parcel.records.length,
      codec: squeeze ? CODECS.gzip : CODECS.none,
      timestampMs: deps.env.now(),
      stamp: producer?.stamp(parcel.topic, parcel.partition) ?? NO_PRODUCER,
    })
    return parcel.batch
  }

  function forgetProducer(job: Job): void {
    producer = null
    for (const parcel of job.pending) parcel.batch = null
  }

  /** The first pending parcel of each partition: those behind it need its sequence number to be settled. */
  function firstOfEach(pending: readonly Parcel[]): Parcel[] {
    const seen = new Set<string>()
    return pending.filter(({ topic, partition }) => {
      const key = `${topic}/${partition}`
      return !seen.has(key) && seen.add(key)
    })
  }

  async function sendTo(link: BrokerLink, parcels: Parcel[], job: Job): Promise<void> {
    const request = []
    for (const parcel of parcels) {
      request.push({ topic: parcel.topic, partition: parcel.partition, batch: await encode(parcel) })
      parcel.unanswered++
    }
    const answers = await produceBatches(link, request, deps.requestTimeoutMs)
    const byPartition = new Map(answers.map((answer) => [`${answer.topic}/${answer.partition}`, answer]))
    for (const parcel of parcels) settle(parcel, byPartition.get(`${parcel.topic}/${parcel.partition}`), job)
  }

  function settle(parcel: Parcel, answer: ProducedPartition | undefined, job: Job): void {
    if (!answer) {
      // No entry is no acknowledgement, whatever the rest of the answer says.
      job.lastError = new AppError(
        'KC_KAFKA_FAILED',
        `Kafka left partition ${parcel.partition} of topic ${parcel.topic} out of its answer`,
      )
      leaders.forget(parcel.topic)
      return
    }
    parcel.unanswered--
    const { kind } = answerCode(answer.errorCode)
    switch (kind) {
      case 'ok':
      case 'duplicate':
        acknowledged(parcel, answer, job)
        return
      case 'lost_producer':
        forgetProducer(job)
        break
      case 'stale':
      case 'missing':
      case 'retry':
        // Not in-sync, timed out at the leader: it may lie in the log already, and only the same sequence tells.
        if (answer.errorCode === 7 || answer.errorCode === 20) parcel.unanswered++
        leaders.forget(parcel.topic)
        break
      case 'not_authorised':
      case 'too_large':
      case 'refused':
      case 'exists':
      case 'out_of_range':
        refused(parcel, answerError(answer.errorCode, `topic ${parcel.topic}`), job)
        return
    }
    job.lastError = answerError(answer.errorCode, `topic ${parcel.topic}`)
  }

  function acknowledged(parcel: Parcel, answer: ProducedPartition, job: Job): void {
    producer?.advance(parcel.topic, parcel.partition, parcel.records.length)
    placeParcel(parcel, answer.baseOffset, job.places)
    drop(parcel, job)
  }

  function refused(parcel: Parcel, error: AppError, job: Job): void {
    job.refusal ??= error
    job.failed.push(...parcel.indexes)
    drop(parcel, job)
  }

  function drop(parcel: Parcel, job: Job): void {
    job.pending = job.pending.filter((other) => other !== parcel)
    // Encoded before the sequence moved on.
    for (const other of job.pending)
      if (other.topic === parcel.topic && other.partition === parcel.partition) other.batch = null
  }

  async function attemptOnce(job: Job): Promise<void> {
    const parcels = firstOfEach(job.pending)
    const found = await leaders.find(parcels)
    for (const { parcel, error } of found.missing) {
      if (error.retryable || error.code === 'KC_KAFKA_UNKNOWN_TOPIC') job.lastError = error
      else refused(parcel, error, job)
    }
    const [firstLeader] = found.byLeader.keys()
    if (firstLeader === undefined) return
    if (deps.idempotent && producer === null) producer = await fetchProducerId(await deps.cluster.link(firstLeader))
    const sends = [...found.byLeader].map(async ([nodeId, group]) =>
      sendTo(await deps.cluster.link(nodeId), group, job),
    )
    for (const outcome of await Promise.allSettled(sends)) {
      if (outcome.status === 'rejected') {
        job.lastError = AppError.fromUnknown(outcome.reason, 'KC_KAFKA_UNREACHABLE')
        leaders.forgetAll()
      }
    }
  }

  return {
    begin: (parcels) => ({ pending: parcels, places: [], failed: [], refusal: null, lastError: null }),
    async attempt(job) {
      try {
        while (job.pending.length > 0) {
          const before = job.pending.length
          job.lastError = null
          await attemptOnce(job)
          // Whatever was acknowledged made way for the next parcel of its partition.
          if (job.lastError !== null || job.pending.length === before) return
        }
      } catch (thrown) {
        job.lastError = AppError.fromUnknown(thrown, 'KC_KAFKA_UNREACHABLE')
        leaders.forgetAll()
      }
    },
    finish(job) {
      if (job.refusal === null) return job.places
      throw new AppError(job.refusal.code, job.refusal.message, {
        cause: job.refusal,
        details: { ...job.refusal.details, failed: job.failed.sort((a, b) => a - b) },
      })
    },
    giveUp(job, error) {
      const unknown = job.pending.some((parcel) => parcel.unanswered > 0)
      if (unknown) producer = null
      const failed = [...job.failed, ...job.pending.flatMap((parcel) => parcel.indexes)].sort((a, b) => a - b)
      const code = unknown ? 'KC_KAFKA_TIMEOUT' : error.code
      const text = unknown ? `Whether all records were written is unknown: ${error.message}` : error.message
      return new AppError(code, text, { cause: error, details: { ...error.details, failed } })
    },
  }
}
