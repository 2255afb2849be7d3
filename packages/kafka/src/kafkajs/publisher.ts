import { type Env, sleep } from '@kafclaw/env'
import { AppError, type RecordPlace } from '@kafclaw/envelope'
import type { Logger } from '@kafclaw/telemetry'
import type { OutgoingRecord, Publisher } from '../log.ts'
import type { Cluster } from './cluster.ts'
import { createDelivery } from './delivery.ts'
import { abandonedError, beginJob, finishJob, isFateUnknown, type Job } from './job.ts'
import { planParcels } from './send-plan.ts'

export interface PublisherDeps {
  cluster: Cluster
  /** Whose leaders are connected to at once. */
  topics: readonly string[]
  env: Env
  logger: Logger
  idempotent: boolean
  compression: 'none' | 'gzip'
  requestTimeoutMs: number
  retries: number
  onRetry?: ((error: AppError) => void) | undefined
}

const FIRST_BACKOFF_MS = 50
const LONGEST_BACKOFF_MS = 1_000
const CLOSE_PATIENCE_MS = 1_000
/** How long a missing topic may take to become visible at all brokers after it was created. */
const MISSING_PATIENCE_MS = 1_500

/**
 * The kafkajs form of a publisher: one batch in flight, whatever its callers do. With concurrent sends and a cut connection
 * kafkajs's own producer lost acknowledged records and wrote others twice; here a batch that got no answer is sent again
 * under the same sequence number before anything else leaves this lane.
 */
export function createKafkaPublisher(deps: PublisherDeps): Publisher {
  const closing = new AbortController()
  const delivery = createDelivery(deps)
  let tail: Promise<unknown> = Promise.resolve()
  let waiting = 0
  const connected = deps.topics.length > 0 ? delivery.connect(deps.topics) : null

  async function deliver(records: readonly OutgoingRecord[]): Promise<RecordPlace[]> {
    if (records.length === 0) return []
    if (connected) await connected
    const job = beginJob(planParcels(records))
    const startMs = deps.env.monotonicMs()
    for (let attempt = 1; ; attempt++) {
      if (closing.signal.aborted) throw giveUp(job, closedError())
      await delivery.attempt(job)
      if (job.pending.length === 0) return finishJob(job)
      const error = job.lastError ?? new AppError('KC_BUG', 'Records are pending though nothing failed')
      const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt - 1, 10))
      const isInTime = deps.env.monotonicMs() - startMs + backoffMs <= budgetMs(error)
      if (!isInTime || !mayBeTriedAgain(error) || !mayRepeat(job, deps.retries)) throw giveUp(job, error)
      deps.onRetry?.(error)
      deps.logger.debug({ err: error, attempt, backoffMs }, 'publishing is tried again')
      await sleep(deps.env, backoffMs, closing.signal)
    }
  }

  function budgetMs(error: AppError): number {
    return error.code === 'KC_KAFKA_UNKNOWN_TOPIC' ? MISSING_PATIENCE_MS : (deps.retries + 1) * deps.requestTimeoutMs
  }

  function giveUp(job: Job, error: AppError): AppError {
    if (isFateUnknown(job)) delivery.forgetProducer()
    return abandonedError(job, error)
  }

  return {
    publish(records) {
      if (closing.signal.aborted) return Promise.reject(closedError())
      waiting++
      const run = waiting === 1 ? deliver(records) : tail.then(() => deliver(records))
      tail = run.then(released, released)
      return run
    },
    async close() {
      const drained = waiting === 0 ? Promise.resolve() : Promise.race([tail, sleep(deps.env, CLOSE_PATIENCE_MS)])
      await drained
      closing.abort()
      deps.cluster.close()
      await Promise.all([connected, tail])
    },
  }

  function released(): void {
    waiting--
  }
}

/** A topic may have been created a moment ago; any other refusal stands until somebody changes something. */
function mayBeTriedAgain(error: AppError): boolean {
  return error.retryable || error.code === 'KC_KAFKA_UNKNOWN_TOPIC'
}

/** Zero retries means that a batch of unknown fate is never sent a second time, however fast it failed. */
function mayRepeat(job: Job, retries: number): boolean {
  return retries > 0 || !isFateUnknown(job)
}

function closedError(): AppError {
  return new AppError('KC_INTERRUPTED', 'The publisher was closed; what was not acknowledged must be sent again')
}
