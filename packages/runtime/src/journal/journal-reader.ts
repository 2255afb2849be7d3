import { type Env, sleep, type Timer } from '@kafclaw/env'
import { AppError, ERRORS, type RawRecord } from '@kafclaw/envelope'
import type { Log, LogBatch, OffsetRange, Reader } from '@kafclaw/kafka'
import { createWatch, type JournalWatch, type Watch } from './journal-watch.ts'
import { createPastRecords, type PastRecords } from './past-records.ts'
import { createRecentRecords, type RecentRecords } from './recent-records.ts'
import { readStepRecord, type StepRecord } from './step-record.ts'

/**
 * Reads `traces` for the runs of this process that need to know what counts there: those of a later attempt, and those with an
 * effect that must not happen twice. Nobody else pays for it: without a watch nothing is read.
 */
export interface JournalReader {
  /**
   * Folds the journal of a task from offset `from` of its home partition on, after the records of `seed`, which this host
   * has kept. A log that cannot be read now is tried again until the signal is aborted; then, and when another try would
   * not help, it throws what went wrong.
   */
  watch(task: JournalHome, from: number, options: WatchOptions): Promise<JournalWatch>
  /** Begins to read for runs that will begin soon: from the least of these places on, where that is not long ago. */
  readAhead(places: readonly JournalPlace[]): void
  stop(): Promise<void>
}

/** Where the journal of a task lies. */
export interface JournalHome {
  taskId: string
  partition: number
}

/** Where a run will begin to read. */
export interface JournalPlace {
  partition: number
  from: number
}

interface WatchOptions {
  signal: AbortSignal
  seed?: readonly StepRecord[]
}

const LONGEST_PAUSE_MS = 5000

/** What lies further back is read when a run asks for it. */
const MOST_AHEAD = 2000

/** How long reading goes on when nobody needs it: the next run mostly comes soon. After it, what others write wakes nobody here. */
const REST_AFTER_MS = 50
/** The same after a start: the runs that were open have to be claimed first. */
const REST_AFTER_START_MS = 2_000
/** How long a reader that rests is kept: all that it has passed over has to be read when it goes on. */
const END_AFTER_MS = 5_000

export function createJournalReader(options: { env: Env; log: Log; topic: string }): JournalReader {
  const { env, log, topic } = options
  const past = createPastRecords(options)
  const watches = new Map<string, Set<Watch>>()
  let reading: Promise<Following> | null = null
  let idle: Timer | null = null
  /** Those who are about to have a watch. */
  let opening = 0
  let isStopped = false

  function follow(places: readonly JournalPlace[] = []): Promise<Following> {
    idle?.cancel()
    idle = null
    reading ??= startFollowing({ log, topic, places, past, onRecord, onDeath }).catch((error: unknown) => {
      reading = null
      throw error
    })
    return reading
  }

  function onRecord(record: RawRecord): void {
    const taskId = record.key?.toString('utf8')
    if (taskId === undefined) return
    for (const watch of watches.get(taskId) ?? []) watch.take(record)
  }

  /** The runs that wait for it stop; the next one reads anew. */
  function onDeath(error: AppError): void {
    reading = null
    for (const each of watches.values()) for (const watch of each) watch.fail(error)
  }

  function close(taskId: string, watch: Watch): void {
    const ofTask = watches.get(taskId)
    ofTask?.delete(watch)
    if (ofTask?.size === 0) watches.delete(taskId)
    restSoon()
  }

  function restSoon(afterMs = REST_AFTER_MS): void {
    if (watches.size > 0 || reading === null || isStopped) return
    idle ??= env.setTimer(afterMs, () => void rest())
  }

  async function rest(): Promise<void> {
    idle = null
    const following = await reading?.catch(() => null)
    if (!following || isStopped || isNeeded()) return
    following.rest()
    idle = env.setTimer(END_AFTER_MS, () => {
      if (!isNeeded()) void endFollowing()
    })
  }

  const isNeeded = (): boolean => watches.size > 0 || opening > 0

  async function endFollowing(): Promise<void> {
    idle?.cancel()
    idle = null
    const current = reading
    reading = null
    await current?.then(
      (following) => following.close(),
      () => undefined,
    )
  }

  async function open({ taskId, partition }: JournalHome, from: number, seed: readonly StepRecord[]): Promise<Watch> {
    opening++
    const following = await follow().finally(() => opening--)
    following.goOn()
    const watch = createWatch({ taskId, partition, onClose: () => close(taskId, watch) })
    watches.set(taskId, (watches.get(taskId) ?? new Set()).add(watch))
    try {
      for (const record of seed) watch.add(record)
      for (const record of await following.between(partition, from, taskId)) watch.add(record)
      watch.goLive()
      following.throwIfDead()
      return watch
    } catch (error) {
      watch.close()
      throw error
    }
  }

  return {
    async watch(home, from, { signal, seed = [] }) {
      for (let tried = 1; ; tried++) {
        try {
          return await open(home, from, seed)
        } catch (thrown) {
          const error = AppError.fromUnknown(thrown, 'KC_KAFKA_UNREACHABLE')
          if (isStopped || signal.aborted || !ERRORS[error.code].retryable) throw error
          await sleep(env, Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(tried, 10)), signal)
        }
      }
    },
    readAhead(places) {
      // Where it fails, a run that needs it tries again and tells.
      if (places.length > 0)
        follow(places).then(
          () => restSoon(REST_AFTER_START_MS),
          () => undefined,
        )
    },
    stop() {
      isStopped = true
      return endFollowing()
    },
  }
}

interface Following {
  /** The journal records of a task from `from` up to where following goes on. */
  between(partition: number, from: number, taskId: string): Promise<StepRecord[]>
  /** Who was not yet heard of when it died would wait for ever. */
  throwIfDead(): void
  /** Reads nothing until `goOn`; before it has caught up it reads on. */
  rest(): void
  goOn(): void
  close(): Promise<void>
}

/** Follows the topic from its ends of now, or from a little further back where a run will want it. */
async function startFollowing(options: {
  log: Log
  topic: string
  places: readonly JournalPlace[]
  past: PastRecords
  onRecord(record: RawRecord): void
  onDeath(error: AppError): void
}): Promise<Following> {
  const { log, topic } = options
  const ranges = await log.offsets([topic])
  const ends = new Map(ranges.map(({ partition, end }) => [partition, end]))
  const starts = new Map(ranges.map((range) => [range.partition, startOf(range, options.places)]))
  const recent = new Map([...starts].map(([partition, start]) => [partition, createRecentRecords(start)]))
  const reader: Reader = log.read({
    topics: [topic],
    position: (_, partition) => starts.get(partition) ?? 'start',
    onBatch(batches) {
      for (const batch of batches) take(batch)
    },
  })
  let isClosed = false
  let death: AppError | null = null
  reader.ended.catch((error: unknown) => {
    death = AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE')
    if (!isClosed) options.onDeath(death)
  })

  // A death is told to those who wait in their watches.
  let isCaughtUp = false
  const caughtUp = Promise.race([reader.caughtUp, reader.ended]).then(
    () => {
      isCaughtUp = true
    },
    () => undefined,
  )

  function take(batch: LogBatch): void {
    const records = recentOf(recent, batch.partition)
    for (const record of batch.records) {
      records.add(record)
      options.onRecord(record)
    }
    records.reached(batch.nextOffset)
  }

  return {
    async between(partition, from, taskId) {
      const known = recentOf(recent, partition)
      if (known.next() < (ends.get(partition) ?? 0)) await caughtUp
      const kept = known.from(from)
      if (kept === null) return options.past({ taskId, partition, from, end: known.next() })
      return kept.flatMap((record) => readStepRecord(record, taskId) ?? [])
    },
    throwIfDead() {
      if (death) throw death
    },
    rest() {
      if (isCaughtUp) reader.pause([topic])
    },
    goOn: () => reader.resume([topic]),
    async close() {
      isClosed = true
      await reader.close()
    },
  }
}

function startOf({ partition, start, end }: OffsetRange, places: readonly JournalPlace[]): number {
  const least = Math.min(...places.filter((place) => place.partition === partition).map(({ from }) => from))
  return least >= Math.max(start, end - MOST_AHEAD) ? Math.min(least, end) : end
}

function recentOf(recent: Map<number, RecentRecords>, partition: number): RecentRecords {
  const known = recent.get(partition)
  if (known) return known
  const made = createRecentRecords(0)
  recent.set(partition, made)
  return made
}
