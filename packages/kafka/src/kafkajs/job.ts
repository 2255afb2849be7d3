import { AppError, type RecordPlace } from '@kafclaw/envelope'
import { type Parcel, placeParcel } from './send-plan.ts'

/** One publish call under way: what is still to be acknowledged, and what became of the rest. */
export interface Job {
  pending: Parcel[]
  places: RecordPlace[]
  /** Indexes that Kafka refused for good, and why. */
  failed: number[]
  refusal: AppError | null
  lastError: AppError | null
}

export function beginJob(parcels: Parcel[]): Job {
  return { pending: parcels, places: [], failed: [], refusal: null, lastError: null }
}

export function acknowledge(job: Job, parcel: Parcel, baseOffset: number): void {
  placeParcel(parcel, baseOffset, job.places)
  drop(job, parcel)
}

export function refuse(job: Job, parcel: Parcel, error: AppError): void {
  job.refusal ??= error
  job.failed.push(...parcel.indexes)
  drop(job, parcel)
}

function drop(job: Job, parcel: Parcel): void {
  job.pending = job.pending.filter((other) => other !== parcel)
  // Those behind it were encoded, if at all, before the sequence of the partition moved on.
  for (const other of job.pending) {
    if (other.topic === parcel.topic && other.partition === parcel.partition) other.batch = null
  }
}

/** The first pending parcel of each partition: those behind it need its sequence number to be settled. */
export function firstOfEach(job: Job): Parcel[] {
  const seen = new Set<string>()
  return job.pending.filter(({ topic, partition }) => {
    const key = `${topic}/${partition}`
    return !seen.has(key) && seen.add(key)
  })
}

/** Something went out and no answer came: it may be written already. */
export function isFateUnknown(job: Job): boolean {
  return job.pending.some((parcel) => parcel.unanswered > 0)
}

/** The places of a job with nothing pending; throws the refusal where there was one. */
export function finishJob(job: Job): RecordPlace[] {
  if (job.refusal === null) return job.places
  const details = { ...job.refusal.details, failed: job.failed.sort((a, b) => a - b) }
  throw new AppError(job.refusal.code, job.refusal.message, { cause: job.refusal, details })
}

/** The error of a job that is not tried any more. */
export function abandonedError(job: Job, error: AppError): AppError {
  const failed = [...job.failed, ...job.pending.flatMap((parcel) => parcel.indexes)].sort((a, b) => a - b)
  const options = { cause: error, details: { ...error.details, failed } }
  if (!isFateUnknown(job)) return new AppError(error.code, error.message, options)
  return new AppError('KC_KAFKA_TIMEOUT', `Whether all records were written is unknown: ${error.message}`, options)
}
