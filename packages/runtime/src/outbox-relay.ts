import { type Env, sleep } from '@kafclaw/env'
import { AppError, ERRORS, type RecordPlace } from '@kafclaw/envelope'
import type { Publisher } from '@kafclaw/kafka'
import type { Logger } from '@kafclaw/telemetry'
import type { OutboxEntry } from './outbox.ts'
import { sendingLength } from './sending-length.ts'

const LONGEST_PAUSE_MS = 5000

/** Sends the outbox in order, one batch in flight, for ever. */
export interface OutboxRelay {
  enqueue(entries: readonly OutboxEntry[]): void
  waiting(): number
  /** Monotonic time since when the oldest unsent record has waited; null when nothing waits. */
  oldestSinceMs(): number | null
  /** Resolves when nothing waits any more, or the signal is aborted. */
  drained(signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

export function createOutboxRelay(options: {
  publisher: Publisher
  env: Env
  logger: Logger
  /** Resolves when the disk has all that was committed so far; rejects when it has failed, which ends the member. */
  synced(): Promise<void>
  onAcknowledged(entries: ReadonlyArray<{ entry: OutboxEntry; place: RecordPlace }>): void
  /** A record that the cluster will never take: it is to be parked, and what it stood for to be mended. */
  onRefused(entry: OutboxEntry, error: AppError): Promise<void>
}): OutboxRelay {
  const { publisher, env, logger } = options
  const stopping = new AbortController()
  let queue: OutboxEntry[] = []
  let sinceMs: number | null = null
  /** Records that were committed, and that a loss of power could still undo: nobody hears of them. */
  let unsynced = 0
  let working: Promise<void> | null = null
  let idle: Array<() => void> = []

  function wake(): void {
    if (working || queue.length === 0 || stopping.signal.aborted) return
    working = sendAll().finally(() => {
      working = null
      wake()
      tellIdle()
    })
  }

  function tellIdle(): void {
    if (working || unsynced > 0) return
    const callbacks = idle
    idle = []
    for (const callback of callbacks) callback()
  }

  async function sendAll(): Promise<void> {
    let failures = 0
    while (queue.length > 0 && !stopping.signal.aborted) {
      const count = sendingLength(queue)
      try {
        await send(queue.slice(0, count))
        queue = queue.slice(count)
        sinceMs = queue.length + unsynced > 0 ? env.monotonicMs() : null
        if (failures > 0) logger.info({ waiting: queue.length }, 'the outbox is sent again')
        failures = 0
      } catch (error) {
        const trouble = AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE')
        failures++
        if (failures === 1)
          logger.warn({ code: trouble.code, waiting: queue.length }, `outbox waits: ${trouble.message}`)
        await sleep(env, Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(failures, 10)), stopping.signal)
      }
    }
  }

  /** A batch with a record that is refused for good is sent again one by one, so that the others go. */
  async function send(entries: readonly OutboxEntry[]): Promise<void> {
    try {
      const places = await publisher.publish(entries.map((entry) => entry.record))
      options.onAcknowledged(pairUp(entries, places))
    } catch (error) {
      const known = AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE')
      if (ERRORS[known.code].retryable) throw known
      const [only] = entries
      if (entries.length === 1 && only) return options.onRefused(only, known)
      for (const entry of entries) await send([entry])
    }
  }

  return {
    enqueue(entries) {
      if (entries.length === 0) return
      sinceMs ??= env.monotonicMs()
      unsynced += entries.length
      // Those of one time resolve in the order of their calls.
      options.synced().then(
        () => {
          unsynced -= entries.length
          queue.push(...entries)
          wake()
        },
        () => stopping.abort(),
      )
    },
    waiting: () => queue.length + unsynced,
    oldestSinceMs: () => sinceMs,
    drained(signal) {
      if (!working && unsynced === 0) return Promise.resolve()
      return new Promise((resolve) => {
        idle.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    },
    async stop() {
      stopping.abort()
      await publisher.close()
      await working
    },
  }
}

function pairUp(
  entries: readonly OutboxEntry[],
  places: readonly RecordPlace[],
): Array<{ entry: OutboxEntry; place: RecordPlace }> {
  const pairs: Array<{ entry: OutboxEntry; place: RecordPlace }> = []
  for (const [index, entry] of entries.entries()) {
    const place = places[index]
    if (place) pairs.push({ entry, place })
  }
  return pairs
}
