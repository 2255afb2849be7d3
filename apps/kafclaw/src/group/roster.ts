import type { Env } from '@kafclaw/env'
import { decode, type RawRecord, topicName } from '@kafclaw/envelope'
import type { Host } from '@kafclaw/runtime'
import { createRoster, type RosterEntry } from '@kafclaw/tasks'
import { readToEnd } from './read-to-end.ts'

/** An agent or service as its last beat shows it. */
export interface Presence {
  entry: RosterEntry
  /** Since the last beat, by the clock of this machine. */
  ageMs: number
  isLive: boolean
}

/** The roster of a zone, folded beat by beat. */
export interface PresenceList {
  fold(record: RawRecord): void
  /** As of now. A beat is old when a lease has passed since, by this machine's clock or by that of the log. */
  all(): Presence[]
}

export function createPresenceList(env: Env, leaseMs: number): PresenceList {
  const roster = createRoster(() => leaseMs)
  return {
    fold(record) {
      const decoded = decode(record)
      if (decoded.kind === 'envelope' && decoded.envelope.type === 'announce') roster.fold(decoded.envelope, record)
    },
    all: () =>
      roster.all().map((entry) => {
        const ageMs = ageOf(env, entry)
        return { entry, ageMs, isLive: roster.isLive(entry) && ageMs <= leaseMs }
      }),
  }
}

export function rosterTopic({ settings }: Host): string {
  return topicName(settings, 'announce')
}

/** The roster of the zone now. */
export async function readPresence(host: Host, leaseMs: number): Promise<Presence[]> {
  const list = createPresenceList(host.env, leaseMs)
  await readToEnd(host.log, [rosterTopic(host)], { onRecord: list.fold })
  return list.all()
}

function ageOf(env: Env, entry: RosterEntry): number {
  return Math.max(0, env.now() - entry.appendedMs)
}

/** Live agents that could take a task of this skill, or the one of this id. */
export function ableAgents(presences: readonly Presence[], wanted: { skill: string; to: string | null }): string[] {
  return presences
    .filter(({ isLive }) => isLive)
    .map(({ entry }) => entry)
    .filter(({ agentId }) => wanted.to === null || agentId === wanted.to)
    .filter(({ manifest }) => manifest.skills.some(({ name }) => name === wanted.skill))
    .map(({ agentId }) => agentId)
}
