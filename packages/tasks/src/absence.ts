import { LEASE_MARGIN_MS } from './lease.ts'

/** One boot of one agent: the pair that a lease belongs to. */
export interface BootName {
  agentId: string
  boot: number
}

/** A beat of ours that lies on the log: it was appended between these two moments. */
interface OwnBeat {
  sentMs: number
  readMs: number
}

/** Proof of absence: who has been silent for how long between beats of our own. */
export interface AbsenceChain {
  /** A beat of another boot was read. */
  heard(other: BootName): void
  /** A beat of our own was read back. Both times are readings of our monotonic clock. */
  ownBeat(beat: OwnBeat): void
  /** True while a chain of our own beats that goes on spans lease + margin and holds no beat of that boot. */
  isAbsent(other: BootName): boolean
}

/**
 * Absence stands in the log, not on a clock: only beats of our own that were read back count, and the time that they prove is
 * what lies between the reading of the first and the sending of the last. Two that are more than half a lease apart when sent
 * (sleep), or of which the second was read more than three quarters of a lease after the first was sent (a cut, a broker that
 * stood still, beats that were held up and came all at once) start every chain anew: who was away takes nothing over. For the
 * same reason a chain proves nothing when its last beat is old: the boot may have come back and claimed since.
 * `nowMs` reads our monotonic clock.
 */
export function createAbsenceChain(leaseMs: number, nowMs: () => number): AbsenceChain {
  /** Boot -> readMs of the own beat with which the chain begins; null: begins with the next one. */
  const since = new Map<string, number | null>()
  const newest = new Map<string, number>()
  /** When our last beat that was read back was sent. */
  let lastOwnMs: number | null = null
  const nameOf = (other: BootName): string => `${other.agentId}/${other.boot}`
  const isTooLate = (ms: number): boolean => lastOwnMs !== null && ms - lastOwnMs > leaseMs * 0.75
  return {
    heard(other) {
      since.set(nameOf(other), null)
      if (other.boot <= (newest.get(other.agentId) ?? 0)) return
      newest.set(other.agentId, other.boot)
      // A newer boot gets as long to take up the runs of the older ones as an absent agent gets to come back.
      for (const name of since.keys()) if (name.startsWith(`${other.agentId}/`)) since.set(name, null)
    },
    ownBeat({ sentMs, readMs }) {
      const broken = lastOwnMs !== null && (sentMs - lastOwnMs > leaseMs / 2 || isTooLate(readMs))
      for (const [name, startMs] of since) if (startMs === null || broken) since.set(name, readMs)
      lastOwnMs = sentMs
    },
    isAbsent(other) {
      const startMs = since.get(nameOf(other))
      if (startMs === undefined) since.set(nameOf(other), null)
      if (typeof startMs !== 'number' || lastOwnMs === null || isTooLate(nowMs())) return false
      return lastOwnMs - startMs > leaseMs + LEASE_MARGIN_MS
    },
  }
}
