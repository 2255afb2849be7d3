import type { AnnounceEnvelope } from '@kafclaw/envelope'

/** The last beat of an agent, as it lies on `announce`. */
export interface RosterEntry {
  agentId: string
  bootId: string
  boot: number
  /** Append time of the last beat, epoch milliseconds: the broker's clock, the same for every reader. */
  appendedMs: number
  offset: number
  manifest: AnnounceEnvelope['payload']
}

/** The roster of a zone, folded from `announce`. */
export interface Roster {
  /** Returns the entry when the beat is the newest of its agent, else null (an older boot of an agent that has a newer one). */
  fold(envelope: AnnounceEnvelope, record: { offset: number; timestampMs: number }): RosterEntry | null
  get(agentId: string): RosterEntry | undefined
  all(): RosterEntry[]
  /** Agents whose last beat is younger than a lease by the clock of the log itself. */
  live(): RosterEntry[]
  isLive(entry: RosterEntry): boolean
  /** Append time of the newest beat read: the clock by which deadlines pass. Epoch milliseconds. */
  clockMs(): number
}

export function createRoster(leaseMs: () => number): Roster {
  const entries = new Map<string, RosterEntry>()
  let clockMs = 0
  const isLive = (entry: RosterEntry): boolean =>
    entry.manifest.status !== 'leaving' && clockMs - entry.appendedMs <= leaseMs()
  return {
    fold(envelope, record) {
      clockMs = Math.max(clockMs, record.timestampMs)
      const { payload } = envelope
      const known = entries.get(payload.agent_id)
      if (known && known.boot > payload.boot) return null
      const entry: RosterEntry = {
        agentId: payload.agent_id,
        bootId: payload.boot_id,
        boot: payload.boot,
        appendedMs: record.timestampMs,
        offset: record.offset,
        manifest: payload,
      }
      entries.set(entry.agentId, entry)
      return entry
    },
    get: (agentId) => entries.get(agentId),
    all: () => [...entries.values()],
    live: () => [...entries.values()].filter(isLive),
    isLive,
    clockMs: () => clockMs,
  }
}
