import { type Env, orAborted, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { ReaderEvent } from '../log.ts'
import type { Cursor, ReadProgress } from '../read-progress.ts'
import type { Placement } from './placement.ts'

const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 2_000
/** Leaders are asked for anew this often even when nothing is wrong. */
const REFRESH_MS = 5 * 60_000

/** Decides when a reader asks the cluster again who leads what, and keeps asking while something is missing. */
export interface PartitionSteward {
  /** Runs until the signal; throws what ends the reader. */
  run(): Promise<void>
  /** Resolves when the positions of the topics are known, or the topics are known not to exist. */
  add(topics: readonly string[]): Promise<void>
  /** Its broker could not serve it. */
  lost(cursor: Cursor): void
  outOfRange(cursor: Cursor): void
  /** Its broker served it: its next trouble begins with the shortest delay again. */
  found(cursor: Cursor): void
  /** Some partition was lost and not found again. */
  readonly isTroubled: boolean
  /** The connection to the broker broke: all that it led needs looking at. */
  lostBroker(nodeId: number): void
  answered(nodeId: number): void
}

export function createPartitionSteward(deps: {
  placement: Placement
  progress: ReadProgress
  env: Env
  signal: AbortSignal
  emit(event: ReaderEvent): void
  /** Sees to it that somebody fetches from this broker. */
  lead(nodeId: number): void
}): PartitionSteward {
  const { placement, progress, env } = deps
  const topics = new Set<string>()
  const waiting = new Map<string, PromiseWithResolvers<void>>()
  let dueMs = env.monotonicMs() + REFRESH_MS
  let interrupt = new AbortController()
  const troubles = new Map<Cursor | number, number>()
  let failures = 0
  let polls = 0

  function schedule(delayMs: number): void {
    const atMs = env.monotonicMs() + delayMs
    if (atMs >= dueMs) return
    dueMs = atMs
    interrupt.abort()
  }

  async function untilDue(): Promise<void> {
    while (!deps.signal.aborted) {
      const waitMs = dueMs - env.monotonicMs()
      if (waitMs <= 0) return
      interrupt = new AbortController()
      const stop = (): void => interrupt.abort()
      deps.signal.addEventListener('abort', stop)
      await sleep(env, waitMs, interrupt.signal)
      deps.signal.removeEventListener('abort', stop)
    }
  }

  function settleComplete(): void {
    for (const topic of topics) {
      if (!placement.isComplete(topic)) continue
      progress.known(topic)
      waiting.get(topic)?.resolve()
      waiting.delete(topic)
    }
  }

  async function refresh(): Promise<void> {
    try {
      const nodes = await orAborted(placement.refresh(topics), deps.signal)
      if (nodes === null) return
      for (const nodeId of nodes) deps.lead(nodeId)
    } catch (thrown) {
      if (deps.signal.aborted) return
      if (!(thrown instanceof AppError) || !thrown.retryable) throw thrown
      const delayMs = backoffMs(++failures)
      deps.emit({ kind: 'retrying', error: thrown, delayMs })
      schedule(delayMs)
      return
    }
    failures = 0
    settleComplete()
    if (placement.isUnfinished(topics)) schedule(backoffMs(++polls))
    else polls = 0
  }

  /** The first trouble is looked into at once: mostly the broker is there and somebody else leads. Each has its own count. */
  function trouble(who: Cursor | number): void {
    const times = troubles.get(who) ?? 0
    troubles.set(who, times + 1)
    schedule(backoffMs(times))
  }

  return {
    async run() {
      try {
        for (;;) {
          await untilDue()
          if (deps.signal.aborted) return
          dueMs = env.monotonicMs() + REFRESH_MS
          if (topics.size > 0) await refresh()
        }
      } finally {
        const error = new AppError('KC_INTERRUPTED', 'The reader ended before the topic was found')
        for (const { reject } of waiting.values()) reject(error)
      }
    },
    async add(added) {
      for (const topic of added) {
        if (topics.has(topic)) continue
        topics.add(topic)
        progress.expect(topic)
        const wait = Promise.withResolvers<void>()
        wait.promise.catch(() => undefined)
        waiting.set(topic, wait)
      }
      progress.settle()
      polls = 0
      schedule(0)
      await Promise.all(added.map((topic) => waiting.get(topic)?.promise))
    },
    lost(cursor) {
      placement.lose(cursor)
      trouble(cursor)
    },
    outOfRange(cursor) {
      placement.realign(cursor)
      trouble(cursor)
    },
    lostBroker(nodeId) {
      placement.loseBroker(nodeId)
      trouble(nodeId)
    },
    found: (cursor) => void troubles.delete(cursor),
    answered: (nodeId) => void troubles.delete(nodeId),
    get isTroubled() {
      return troubles.size > 0
    },
  }
}

function backoffMs(failures: number): number {
  if (failures === 0) return 0
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 10))
}
