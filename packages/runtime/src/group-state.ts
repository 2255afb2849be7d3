import type { Env } from '@kafclaw/env'
import type { AnnounceEnvelope, RawRecord, SkillEnvelope, ZoneEnvelope } from '@kafclaw/envelope'
import {
  type AbsenceChain,
  type Candidate,
  createAbsenceChain,
  createRoster,
  type Roster,
  type RosterEntry,
} from '@kafclaw/tasks'

/** What a member knows of its zone and of the others in it, folded from `announce` and the control topics. In memory only: these topics are read from their beginning at each start. */
export interface GroupState {
  readonly roster: Roster
  readonly absence: AbsenceChain
  leaseMs(): number
  /** Partitions of the task topics; null before the zone record was read. */
  partitions(): number | null
  foldZone(envelope: ZoneEnvelope): void
  foldSkill(envelope: SkillEnvelope): void
  foldBeat(envelope: AnnounceEnvelope, record: RawRecord): RosterEntry | null
  /** Set while an orchestrator beats, or where the zone requires an assignment. */
  orchestration(): { leaseMs: number; isRequired: boolean } | undefined
  /** Skills that a foreign consumer group serves: natives leave them alone. */
  isServedByGroup(skill: string): boolean
  /** Live agents that have the skill. */
  candidates(skill: string): readonly Candidate[]
}

const DEFAULT_LEASE_MS = 12_000

export function createGroupState(zone: string, env: Pick<Env, 'monotonicMs'>): GroupState {
  let leaseMs = DEFAULT_LEASE_MS
  let partitions: number | null = null
  let isRequired = false
  let absence = createAbsenceChain(leaseMs, env.monotonicMs)
  const servedByGroup = new Set<string>()
  const roster = createRoster(() => leaseMs)
  const bySkill = new Map<string, readonly Candidate[]>()
  return {
    roster,
    get absence() {
      return absence
    },
    leaseMs: () => leaseMs,
    partitions: () => partitions,
    foldZone({ payload }) {
      if (payload.zone !== zone) return
      // The count of partitions is written once; a later record cannot move the homes of tasks.
      partitions ??= payload.partitions
      isRequired = payload.require_assignment
      if (payload.lease_ms === leaseMs) return
      leaseMs = payload.lease_ms
      absence = createAbsenceChain(leaseMs, env.monotonicMs)
    },
    foldSkill({ payload }) {
      if (payload.served_by === 'group') servedByGroup.add(payload.skill)
      else servedByGroup.delete(payload.skill)
    },
    foldBeat(envelope, record) {
      bySkill.clear()
      const { agent_id, boot } = envelope.payload
      absence.heard({ agentId: agent_id, boot })
      return roster.fold(envelope, record)
    },
    orchestration() {
      const isAdvised = isRequired || roster.live().some(({ manifest }) => manifest.role === 'orchestrator')
      return isAdvised ? { leaseMs, isRequired } : undefined
    },
    isServedByGroup: (skill) => servedByGroup.has(skill),
    candidates(skill) {
      const known = bySkill.get(skill)
      if (known) return known
      const list = roster
        .live()
        .filter(({ manifest }) => manifest.skills.some(({ name }) => name === skill))
        .map(({ agentId, manifest }) => ({ agentId, free: manifest.free ?? 1 }))
      bySkill.set(skill, list)
      return list
    },
  }
}
