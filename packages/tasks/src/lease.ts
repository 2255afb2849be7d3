/** The holder stops acting this long before others may count it as absent, and they wait this much longer. */
export const LEASE_MARGIN_MS = 500

/** Beats come each quarter of the lease. */
export function beatIntervalMs(leaseMs: number): number {
  return leaseMs / 4
}

/** A beat that has not been answered within half a lease, at most 3 s, is given up and never sent again. */
export function beatTimeoutMs(leaseMs: number): number {
  return Math.min(leaseMs / 2, 3000)
}

/**
 * Whether a holder may act: its last acknowledged beat was *sent* no longer ago than lease - margin.
 * Both times are readings of the holder's own monotonic clock.
 */
export function mayAct(lastAckedBeatSentMs: number | null, nowMs: number, leaseMs: number): boolean {
  return lastAckedBeatSentMs !== null && nowMs - lastAckedBeatSentMs <= leaseMs - LEASE_MARGIN_MS
}
