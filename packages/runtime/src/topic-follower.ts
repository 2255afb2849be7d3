import { type Env, sleep, type Timer } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { Log, LogBatch, Reader, ReaderEvent } from '@kafclaw/kafka'
import { type Logger, METRICS, type Metrics } from '@kafclaw/telemetry'
import { createEndWaiters } from './end-waiters.ts'
import { createReadinessBoard, type Readiness } from './readiness.ts'
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
  /** More checks that the owner sets through `report`; the follower is not ready before they are right. */
  checks?: readonly string[]
  /** What has to be safe elsewhere before the position moves past it; done again after a crash. */
  beforeTake?(batches: readonly LogBatch[]): Promise<void>
  /** Work outside the transaction that has to be done before more is read; it retries by itself until it can be done. */
  afterTake?(signal: AbortSignal): Promise<void>
}

export type FollowerEnd = { reason: 'stopped' } | { reason: 'failed'; error: AppError }

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

const NEW_TOPICS_MS = 30_000
const LONGEST_PAUSE_MS = 5000

/** Starts at once. Kafka out of reach, missing topics and a full disk are waited out, with the reason in the readiness. */
export function createTopicFollower(options: FollowerOptions): TopicFollower {
  const { env, logger, log, name, rows } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const ended = Promise.withResolvers<FollowerEnd>()
  const checks = { reader: `${name} reader`, storage: `${name} storage`, log: `${name} log` }
  const board = createReadinessBoard([...Object.values(checks), ...(options.checks ?? [])], ({ name, ok, detail }) => {
    logger[ok ? 'debug' : 'info']({ check: name, ok }, detail)
  })
  board.set(checks.storage, true, 'the database takes writes')
  board.set(checks.log, true, 'positions fit the log')
  const commits = options.metrics.histogram(METRICS.commitDuration)
  const followed = new Set<string>()
  const waiters = createEndWaiters()
  let reader: Reader | null = null
  let isCaughtUp = false
  options.metrics.gauge(METRICS.readerLag, () =>
    (reader?.lag() ?? []).map(({ topic, lag }) => ({ labels: { topic }, value: lag })),
  )

  async function awaitTopics(): Promise<void> {
    for (let pauseMs = 200; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        for (const topic of await options.topics()) followed.add(topic)
        if (followed.size > 0) return adoptCluster()
        board.set(checks.reader, false, 'there are no topics yet; create them with: kafclaw topics apply')
      } catch (error) {
        board.set(checks.reader, false, waitable(error).message)
      }
      await sleep(env, pauseMs, signal)
    }
  }

  async function adoptCluster(): Promise<void> {
    const clusterId = await log.clusterId()
    const known = rows.clusterId()
    if (known !== null && known !== clusterId) beginAnew(`the cluster is ${clusterId}, and was ${known}`)
    rows.setClusterId(clusterId)
  }

  function beginAnew(why: string): void {
    logger.error(`another log: ${why}; what was read is set aside and reading begins anew`)
    const clusterId = rows.clusterId()
    rows.beginAnew(why)
    if (clusterId !== null) rows.setClusterId(clusterId)
  }

  async function read(): Promise<void> {
    isCaughtUp = false
    board.set(checks.reader, false, 'reading up to the end of the log')
    const current = log.read({
      topics: [...followed],
      position: (topic, partition) => rows.position(topic, partition) ?? 'start',
      onBatch: take,
      onEvent: noteEvent,
    })
    reader = current
    current.ended.catch((error: unknown) => {
      if (reader === current) readerDied(AppError.fromUnknown(error, 'KC_RUNTIME_BUG'))
    })
    await Promise.race([current.caughtUp, current.ended])
    if (reader !== current || signal.aborted) return
    isCaughtUp = true
    board.set(checks.reader, true, 'reading')
  }

  function readerDied(error: AppError): void {
    reader = null
    if (error.code === 'KC_LOG_FOREIGN') {
      beginAnew(error.message)
      read().catch(() => undefined)
    } else fail(error)
  }

  async function take(batches: readonly LogBatch[]): Promise<void> {
    await options.beforeTake?.(batches)
    await retryStorage({
      env,
      signal,
      work() {
        const startMs = env.monotonicMs()
        rows.take(batches)
        commits.observe(env.monotonicMs() - startMs)
      },
      onStorageTrouble(error) {
        if (error) logger.error({ code: error.code }, `nothing can be stored, so nothing is read on: ${error.message}`)
        board.set(checks.storage, error === null, error?.message ?? 'the database takes writes')
      },
    })
    await options.afterTake?.(signal)
    waiters.moved(batches)
  }

  function noteEvent(event: ReaderEvent): void {
    switch (event.kind) {
      case 'connected':
        board.set(checks.reader, isCaughtUp, isCaughtUp ? 'reading' : 'reading up to the end of the log')
        break
      case 'disconnected':
      case 'retrying':
        board.set(checks.reader, false, event.error.message)
        break
      case 'beyond_end':
        board.set(
          checks.log,
          false,
          `${event.error.message} If that is right, go on at the end with: kafclaw topics accept ${event.topic}`,
        )
        break
      case 'corrupt_batch':
        logger.error({ ...event }, event.error.message)
        break
      case 'below_start':
      case 'unknown_topic':
    }
  }

  async function discover(): Promise<void> {
    const fresh = (await options.topics()).filter((topic) => !followed.has(topic))
    for (const topic of fresh) followed.add(topic)
    if (fresh.length > 0) await reader?.addTopics(fresh)
  }

  let watch: Timer | null = null
  function watchForTopics(): void {
    watch = env.setTimer(NEW_TOPICS_MS, () => {
      discover().catch((error: unknown) => logger.debug({ err: error }, 'new topics could not be looked up'))
      watchForTopics()
    })
  }

  function fail(error: AppError): void {
    // The member stops first, and then takes nothing more: what was not stored is read again at the next start.
    if (signal.aborted || error.code === 'KC_RUNTIME_STOPPED') return
    logger.fatal({ err: error }, `the reader has died: ${error.message}`)
    board.set(checks.reader, false, error.message)
    ended.resolve({ reason: 'failed', error })
  }

  async function start(): Promise<void> {
    await awaitTopics()
    if (signal.aborted) return
    await options.afterTake?.(signal)
    watchForTopics()
    await read()
  }
  const started = start()
  started.catch((error: unknown) => fail(AppError.fromUnknown(error, 'KC_RUNTIME_BUG')))

  async function reachEnd(deadline: AbortSignal): Promise<boolean> {
    await started
    await discover()
    const ends = await log.offsets([...followed])
    return reader !== null && waiters.until(ends, { positions: reader.lag(), deadline })
  }

  return {
    readiness: board.read,
    whenReady: board.whenReady,
    report: board.set,
    async reachEnd(waitMs) {
      const deadline = new AbortController()
      const timer = env.setTimer(waitMs, () => deadline.abort())
      const late = new Promise<boolean>((resolve) =>
        deadline.signal.addEventListener('abort', () => resolve(false), { once: true }),
      )
      try {
        return await Promise.race([reachEnd(deadline.signal).catch(() => false), late])
      } finally {
        timer.cancel()
      }
    },
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

/** Credentials and rights are not mended by waiting. */
function waitable(error: unknown): AppError {
  const known = AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE')
  if (known.code === 'KC_KAFKA_AUTHENTICATION' || known.code === 'KC_KAFKA_NOT_AUTHORISED') throw known
  return known
}
