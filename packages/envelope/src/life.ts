import type { Envelope } from './envelope.ts'
import type { PoisonCode } from './errors.ts'
import { parseTimestamp } from './timestamp.ts'

const HOUR_MS = 3_600_000
/** What a request without `expires_at` gets. */
export const DEFAULT_LIFE_MS = 24 * HOUR_MS
/** Below the retention of every task topic: past it nobody may run the task, whatever his own rows say. */
const MAX_LIFE_MS = 6 * 24 * HOUR_MS
/** How far the clock of a sender may be ahead of the broker. */
const MAX_AHEAD_MS = HOUR_MS

/** Why the dates of a request make it malformed; null when they do not. `appendedAtMs` is null while it is not on the log. */
export function findLifeProblem(
  envelope: Envelope,
  appendedAtMs: number | null,
): { code: PoisonCode; reason: string } | null {
  if (envelope.type !== 'request') return null
  const timestampMs = parseTimestamp(envelope.timestamp) ?? 0
  const expiresAtMs = parseTimestamp(envelope.expires_at) ?? 0
  if (expiresAtMs - timestampMs > MAX_LIFE_MS) {
    return { code: 'KC_ENVELOPE_LIFE_TOO_LONG', reason: 'expires_at is more than 6 days after timestamp' }
  }
  if (appendedAtMs !== null && timestampMs - appendedAtMs > MAX_AHEAD_MS) {
    return { code: 'KC_ENVELOPE_DATED_AHEAD', reason: 'timestamp is more than 1 hour after the record was appended' }
  }
  return null
}
