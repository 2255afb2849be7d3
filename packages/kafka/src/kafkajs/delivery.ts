import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { AppError } from '@kafclaw/envelope'
import { CODECS } from '../codecs/codecs.ts'
import { encodeRecordBatch, encodeRecords, NO_PRODUCER } from '../record-batch/encode-record-batch.ts'
import { answerCode, answerError } from './answer-code.ts'
import type { BrokerLink } from './broker-link.ts'
import type { Cluster } from './cluster.ts'
import { acknowledge, firstOfEach, type Job, refuse } from './job.ts'
import { createLeaderCache } from './leader-cache.ts'
import { type ProducedPartition, produceBatches } from './produce-request.ts'
import { fetchProducerId, type ProducerId } from './producer-id.ts'
import type { Parcel } from './send-plan.ts'

const COMPRESS_ABOVE_BYTES = 16 * 1024
const compressGzip = promisify(gzip)

export interface DeliveryDeps {
  cluster: Cluster
  env: { now(): number }
  idempotent: boolean
  compression: 'none' | 'gzip'
  requestTimeoutMs: number
}

/** Sends parcels to the leaders of their partitions and notes in the job what became of them. */
export interface Delivery {
  /** Does what the first attempt would do before it can send; what fails is left to that. Never throws. */
  connect(topics: readonly string[]): Promise<void>
  /** Sends what is pending until nothing is, or something fails; the failure is then the job's `lastError`. Never throws. */
  attempt(job: Job): Promise<void>
  /** Goes on under another producer id: the count of what was written under this one is not known any more. */
  forgetProducer(): void
}

export function createDelivery(deps: DeliveryDeps): Delivery {
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

  async function sendTo(link: BrokerLink, parcels: readonly Parcel[], job: Job): Promise<void> {
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
    const what = `topic ${parcel.topic}`
    if (!answer) {
      // No entry is no acknowledgement, whatever the rest of the answer says.
      const text = `Kafka left partition ${parcel.partition} of ${what} out of its answer`
      job.lastError = new AppError('KC_KAFKA_FAILED', text)
      leaders.forget(parcel.topic)
      return
    }
    if (!mayBeWritten(answer.errorCode)) parcel.unanswered--
    switch (answerCode(answer.errorCode).kind) {
      case 'ok':
        producer?.advance(parcel.topic, parcel.partition, parcel.records.length)
        acknowledge(job, parcel, answer.baseOffset)
        return
      case 'lost_producer':
        producer = null
        for (const pending of job.pending) pending.batch = null
        break
      case 'stale':
      case 'missing':
      case 'retry':
      case 'duplicate':
        leaders.forget(parcel.topic)
        break
      case 'not_authorised':
      case 'too_large':
      case 'refused':
      case 'exists':
      case 'out_of_range':
        refuse(job, parcel, answerError(answer.errorCode, what))
        return
    }
    job.lastError = answerError(answer.errorCode, what)
  }

  async function identify(nodeId: number): Promise<void> {
    if (deps.idempotent && producer === null) producer = await fetchProducerId(await deps.cluster.link(nodeId))
  }

  async function attemptOnce(job: Job): Promise<void> {
    const found = await leaders.find(firstOfEach(job))
    for (const { parcel, error } of found.missing) {
      if (error.retryable || error.code === 'KC_KAFKA_UNKNOWN_TOPIC') job.lastError = error
      else refuse(job, parcel, error)
    }
    const [firstLeader] = found.byLeader.keys()
    if (firstLeader === undefined) return
    // Before the sends part ways: they must all carry the same id.
    await identify(firstLeader)
    const sends = [...found.byLeader].map(async ([nodeId, group]) =>
      sendTo(await deps.cluster.link(nodeId), group, job),
    )
    for (const outcome of await Promise.allSettled(sends))
      if (outcome.status === 'rejected') failed(job, outcome.reason)
  }

  function failed(job: Job, thrown: unknown): void {
    job.lastError = AppError.fromUnknown(thrown, 'KC_BUG')
    leaders.forgetAll()
  }

  return {
    async connect(topics) {
      try {
        const [first, ...others] = await leaders.learn(topics)
        if (first === undefined) return
        await Promise.all([identify(first), ...others.map(deps.cluster.link)])
      } catch {
        leaders.forgetAll()
      }
    },
    async attempt(job) {
      job.lastError = null
      try {
        // Whatever was acknowledged made way for the next parcel of its partition.
        while (job.pending.length > 0 && job.lastError === null) await attemptOnce(job)
      } catch (thrown) {
        failed(job, thrown)
      }
    },
    forgetProducer() {
      producer = null
    },
  }
}

/**
 * REQUEST_TIMED_OUT and NOT_ENOUGH_REPLICAS_AFTER_APPEND: the leader has it, and only the same sequence number tells later.
 * DUPLICATE_SEQUENCE_NUMBER: it is written, but so long ago that the broker does not say where. (What was written lately
 * is answered with its offset, as if it were new.)
 */
function mayBeWritten(errorCode: number): boolean {
  return errorCode === 7 || errorCode === 20 || errorCode === 46
}
