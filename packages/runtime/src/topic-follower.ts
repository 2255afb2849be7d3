import type { Env, Timer } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { Log, LogBatch, Reader, ReaderEvent } from '@kafclaw/kafka'
import { type Logger, METRICS, type Metrics } from '@kafclaw/telemetry'
import { awaitTopics } from './await-topics.ts'
import { createEndWaiters, withinMs } from './end-waiters.ts'
import { createFollowerChecks } from './follower-checks.ts'
import { lagByTopic } from './member-gauges.ts'
import type { Readiness } from './readiness.ts'
import { retryStorage } from './retry-storage.ts'

/** Where the owner of a follower keeps what was read; positions lie in the same file, written in the same transaction. */
export interface FollowedRows {
  /** The cluster that the positions belong to; null before the first one is kept. */
  clusterId(): string | null
  setClusterId(clusterId: string): void
  /** The offset to read next; null for a partition never read. */
  position(topic: string, partition: number): number | null
  /** Stores what was fetched, and where reading goes on, in one transaction. KC_LOG_FOREIGN: this is another log. */
  take(batches: readonly LogBatch[]): void
  /** Forgets or sets aside everything, because the log is another one than it was. */
  beginAnew(why: string): void
}

export interface FollowerOptions {
  env: Env
  logger: Logger
  metrics: Metrics
  log: Log
  /** First word of its checks in the readiness, such as `audit`. */
  name: string
  /** The topics to follow that exist now; asked again every 30 s. */
  topics(): Promise<readonly string[]>
  rows: FollowedRows
  /** What was read can be made anew from the log: where that has become shorter, it is, and nobody is asked. */
  isDerived?: true
  /** More checks that the owner sets through `report`; the follower is not ready before they are right. */
  checks?: readonly string[]
  /** What has to be safe elsewhere before the position moves past it; done again after a crash. */
  beforeTake?(batches: readonly LogBatch[]): Promise<void>
  /** Work outside the transaction that has to be done before more is read; it retries by itself until it can be done. */
  afterTake?(signal: AbortSignal): Promise<void>
}

type FollowerEnd = { reason: 'stopped' } | { reason: 'failed'; error: AppError }

/** A reader beside a member: it follows topics of its own into a database of its own. */
export interface TopicFollower {
  readiness(): Readiness
  whenReady(): Promise<void>
  report(check: string, ok: boolean, detail: string): void
  /** Resolves with true when everything that lies on the topics at this moment has been taken; false after `waitMs`. */
  reachEnd(waitMs: number): Promise<boolean>
  readonly ended: Promise<FollowerEnd>
  stop(): Promise<void>
}

/**
 * What one transaction takes at most: a service that is killed again and again must get on in each of its short lives, and the
 * member beside it has its turn in between.
 */
const MOST_BYTES = 512 * 1024

const NEW_TOPICS_MS = 30_000

/** Starts at once. Kafka out of reach, missing topics and a full disk are waited out, with the reason in the readiness. */
export function createTopicFollower(options: FollowerOptions): TopicFollower {
  const { env, logger, log, rows } = options
  const stopping = new AbortController()
  const ended = Promise.withResolvers<FollowerEnd>()
  const checks = createFollowerChecks({ name: options.name, more: options.checks ?? [], logger })
  const store = timed(options)
  const followed = new Set<string>()
  let waiters = createEndWaiters()
  let reader: Reader | null = null
  let watch: Timer | null = null
  options.metrics.gauge(METRICS.readerLag, () => lagByTopic(reader?.lag() ?? []))

  async function start(): Promise<void> {
    for (const topic of await awaitTopics({ ...options, signal: stopping.signal, onWait: checks.reading }))
      followed.add(topic)
    if (stopping.signal.aborted) return
    const clusterId = await log.clusterId()
    const known = rows.clusterId()
    if (known !== null && known !== clusterId) beginAnew(options, `the cluster is ${clusterId}, and was ${known}`)
    rows.setClusterId(clusterId)
    await options.afterTake?.(stopping.signal)
    watchForTopics()
    await read()
  }

  async function read(): Promise<void> {
    checks.reading('reading up to the end of the log')
    const current = log.read({
      topics: [...followed],
      position: (topic, partition) => rows.position(topic, partition) ?? 'start',
      maxBytes: MOST_BYTES,
      onBatch: (batches) => take(batches, () => reader === current),
      onEvent: noteEvent,
    })
    reader = current
    current.ended.catch((error: unknown) => {
      if (reader === current) readerDied(AppError.fromUnknown(error, 'KC_RUNTIME_BUG'))
    })
    await Promise.race([current.caughtUp, current.ended]).catch((error: unknown) => {
      // Another reader has taken its place, or nobody wants one any more.
      if (reader === current) throw error
    })
    if (reader === current && !stopping.signal.aborted) checks.reading(null)
  }

  function noteEvent(event: ReaderEvent): void {
    if (event.kind === 'beyond_end' && options.isDerived) {
      readerDied(new AppError('KC_LOG_FOREIGN', event.error.message))
    } else checks.note(event)
  }

  function readerDied(error: AppError): void {
    reader?.close().catch(() => undefined)
    reader = null
    if (error.code === 'KC_LOG_FOREIGN') {
      beginAnew(options, error.message)
      waiters = createEndWaiters()
      read().catch(() => undefined)
    } else fail(error)
  }

  async function take(batches: readonly LogBatch[], isWanted: () => boolean): Promise<void> {
    await options.beforeTake?.(batches)
    // What a reader of the log before still brings belongs nowhere.
    if (!isWanted()) return
    await retryStorage({ env, signal: stopping.signal, work: () => store(batches), onStorageTrouble: checks.storage })
    await options.afterTake?.(stopping.signal)
    waiters.moved(batches)
  }

  async function discover(): Promise<void> {
    const fresh = (await options.topics()).filter((topic) => !followed.has(topic))
    for (const topic of fresh) followed.add(topic)
    if (fresh.length > 0) await reader?.addTopics(fresh)
  }

  function watchForTopics(): void {
    watch = env.setTimer(NEW_TOPICS_MS, () => {
      discover().catch((error: unknown) => logger.debug({ err: error }, 'new topics could not be looked up'))
      watchForTopics()
    })
  }

  function fail(error: AppError): void {
    // The member stops first, and then takes nothing more: what was not stored is read again at the next start.
    if (stopping.signal.aborted || error.code === 'KC_RUNTIME_STOPPED') return
    logger.fatal({ err: error }, `the reader has died: ${error.message}`)
    checks.reading(error.message)
    ended.resolve({ reason: 'failed', error })
  }

  async function reachEnd(deadline: AbortSignal): Promise<boolean> {
    await started
    await discover()
    const ends = await log.offsets([...followed])
    return reader !== null && waiters.until(ends, { positions: reader.lag(), deadline })
  }

  const started = start()
  started.catch((error: unknown) => fail(AppError.fromUnknown(error, 'KC_RUNTIME_BUG')))

  return {
    readiness: checks.read,
    whenReady: checks.whenReady,
    report: checks.set,
    reachEnd: (waitMs) => withinMs(env, waitMs, reachEnd),
    ended: ended.promise,
    async stop() {
      stopping.abort('the service stops')
      watch?.cancel()
      const current = reader
      reader = null
      await current?.close()
      ended.resolve({ reason: 'stopped' })
    },
  }
}

/** The cluster stays the one that is being read. */
function beginAnew({ rows, logger }: FollowerOptions, why: string): void {
  logger.error(`another log: ${why}; what was read is set aside and reading begins anew`)
  const clusterId = rows.clusterId()
  rows.beginAnew(why)
  if (clusterId !== null) rows.setClusterId(clusterId)
}

/** Takes batches and measures what a commit costs. */
function timed({ env, metrics, rows }: FollowerOptions): FollowedRows['take'] {
  const commits = metrics.histogram(METRICS.commitDuration)
  return (batches) => {
    const startMs = env.monotonicMs()
    rows.take(batches)
    commits.observe(env.monotonicMs() - startMs)
  }
}
