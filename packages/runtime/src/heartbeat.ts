import type { Env, Timer } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { OutgoingRecord, Publisher } from '@kafclaw/kafka'
import { beatIntervalMs, mayAct } from '@kafclaw/tasks'
import type { Logger } from '@kafclaw/telemetry'

/** The heartbeat lane: the lease of this boot. It goes past the outbox and is never sent again. */
export interface Heartbeat {
  /** Sends the first beat and then one each quarter of the lease. */
  start(): void
  /** A beat of this boot was read back; returns the monotonic time at which it was sent, or null when it is not one of ours. */
  readBack(beat: { id: string; offset: number }): number | null
  /** Whether the lease is fresh enough to act on the world. */
  mayAct(): boolean
  /** Resolves when the lease is fresh, at once if it is. */
  untilMayAct(signal: AbortSignal): Promise<void>
  /** Sends one more beat out of turn, for a new boot number or for `leaving`. */
  beatNow(): Promise<void>
  stop(): Promise<void>
}

export interface HeartbeatOptions {
  env: Env
  logger: Logger
  publisher: Publisher
  leaseMs(): number
  /** Makes the beat: an announce record and its id. */
  compose(): { id: string; record: OutgoingRecord }
  /** Commits an empty transaction: a boot whose disk does not take it must not seem alive. Throws when it fails. */
  proveStorage(): void
  /** An acknowledged beat has not been read back within a lease: this boot beats no more before it is. */
  onUnread(detail: string): void
}

const UNREAD =
  'a heartbeat was acknowledged but has not been read back for a lease; the reader stands still, or the record cannot be read'

export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { env, logger } = options
  /** Beats sent and not read back yet, by record id. */
  const sent = new Map<string, number>()
  let acked: { id: string; sentMs: number; offset: number; seen: boolean } | null = null
  /** Offset of the last own beat that was read: whatever lies before it has been read, or compaction has taken it away. */
  let readTo = -1
  let timer: Timer | null = null
  let flying: Promise<void> | null = null
  let stopped = false
  let waiters: Array<() => void> = []

  const fresh = (): boolean => mayAct(acked?.sentMs ?? null, env.monotonicMs(), options.leaseMs())

  function schedule(): void {
    if (stopped) return
    timer = env.setTimer(beatIntervalMs(options.leaseMs()), () => {
      schedule()
      if (acked && !acked.seen && env.monotonicMs() - acked.sentMs > options.leaseMs()) options.onUnread(UNREAD)
      // The next turn shows that the event loop turns; the last acknowledged beat read back, that the reader reads.
      env.nextTurn(() => {
        if (!stopped && !flying && acked?.seen !== false) void beat()
      })
    })
  }

  function beat(): Promise<void> {
    flying ??= send().finally(() => {
      flying = null
    })
    return flying
  }

  async function send(): Promise<void> {
    try {
      options.proveStorage()
      const { id, record } = options.compose()
      const sentMs = env.monotonicMs()
      sent.set(id, sentMs)
      const [place] = await options.publisher.publish([record])
      const offset = place?.offset ?? 0
      // An older beat may have come to lie behind this one, and then compaction leaves only that.
      acked = { id, sentMs, offset, seen: !sent.has(id) || readTo >= offset }
      if (!fresh()) return
      const callbacks = waiters
      waiters = []
      for (const callback of callbacks) callback()
    } catch (error) {
      const known = AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE')
      logger.warn({ code: known.code }, `a heartbeat was not acknowledged: ${known.message}`)
    }
  }

  return {
    start() {
      void beat()
      schedule()
    },
    readBack({ id: recordId, offset }) {
      readTo = Math.max(readTo, offset)
      if (acked && offset >= acked.offset) acked.seen = true
      const sentMs = sent.get(recordId)
      if (sentMs === undefined) return null
      // Older beats that were never acknowledged may have been lost: nobody waits for them.
      for (const [id, atMs] of sent) if (atMs <= sentMs) sent.delete(id)
      if (acked && acked.sentMs <= sentMs) acked.seen = true
      return sentMs
    },
    mayAct: fresh,
    untilMayAct(signal) {
      if (fresh() || signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        waiters.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    },
    beatNow: async () => {
      await flying
      await beat()
    },
    async stop() {
      stopped = true
      timer?.cancel()
      await flying
    },
  }
}
