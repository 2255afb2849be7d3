import { type Env, sleep } from '@kafclaw/env'
import type { Positions } from './positions.ts'

/** Where a partition of shared memory ends now. */
interface MemoryEnd {
  readonly topic: string
  readonly partition: number
  /** The offset that the next record will get. */
  readonly end: number
}

/** Asks the log how far an index has to have read to be fresh. */
export interface MemoryEnds {
  readonly env: Env
  ends(): Promise<readonly MemoryEnd[]>
}

const WAIT_MS = 2000
const POLL_MS = 10

/**
 * Waits, at most 2 s, until an index that another process writes holds everything that lies on the log now. An index or a
 * log that cannot be asked is not waited for longer: a recall from what is there beats none.
 */
export async function awaitIndex(
  { env, ends }: MemoryEnds,
  positions: () => Positions | null,
  signal?: AbortSignal,
): Promise<void> {
  const untilMs = env.monotonicMs() + WAIT_MS
  const late = new AbortController()
  const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal
  const targets = await Promise.race([
    ends().catch((): MemoryEnd[] => []),
    sleep(env, WAIT_MS, either).then((): MemoryEnd[] => []),
  ])
  late.abort()
  while (env.monotonicMs() < untilMs && !signal?.aborted) {
    const at = positions()
    if (at && targets.every(({ topic, partition, end }) => (at.get(topic, partition) ?? 0) >= end)) return
    await sleep(env, POLL_MS, signal)
  }
}
