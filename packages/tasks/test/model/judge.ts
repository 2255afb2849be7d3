import { formatPlace } from '@kafclaw/envelope'
import { type Journal, LEASE_MARGIN_MS, newTask, type TaskState } from '../../src/index.ts'
import type { Appended, Broker } from './broker.ts'
import { createJournalJudge, type JournalBreach, type JournalJudge } from './journal-judge.ts'
import { type Life, type Member, nameOf, type Run } from './member.ts'
import { PARTITIONS, TASK, timestampOf } from './records.ts'
import type { Rules } from './rules.ts'
import type { Entry } from './watch.ts'

/** A promise that a schedule has broken. */
export type Breach =
  | 'two holders confirmed for one attempt'
  | 'acted without holding the claim'
  | 'acted after its lease had gone to another'
  | 'claimed again what it has finished'
  | 'claimed a task that had ended before it started'
  | 'claimed under a boot number that is not its own'
  | 'took over from a live holder'
  | 'worked on another request than the bound one'
  | 'ran past the deadline'
  | 'readers disagree'
  | 'no outcome'
  | 'no boot of an agent is left'
  | JournalBreach

/** Sees everything, the log as it grows among it, and compares what processes do with what the log says. */
export interface Judge extends Pick<JournalJudge, 'happened' | 'replayed' | 'decided'> {
  readonly breaches: ReadonlyMap<Breach, string>
  /** The task as the whole log says. */
  truth(): TaskState
  /** The journal of the task as the whole log says. */
  journal(): Journal<Entry>
  appended(record: Appended): void
  /** A claim was stored to be sent; `before` is the task as its writer knew it. */
  claimed(member: Member, run: Run, before: TaskState): void
  confirmed(member: Member, run: Run): void
  acted(member: Member, run: Run): void
  /** A response was read; the draft of its transaction keeps which outcome this disk has seen. */
  outcomeRead(member: Member, draft: { task: TaskState; outcomeRead: string | null }): void
  /** At the end, when everybody has read everything. */
  finish(): void
}

interface Scene {
  rules: Rules
  leaseMs: number
  broker(): Broker
  members(): readonly Member[]
  nowMs(): number
  say(line: () => string): void
}

/** A holder with gaps between its beats above this part of the lease is not what others may count on as live. */
const HEALTHY_GAP = 0.5
/** After a standstill of the broker only the beats of a holder that kept to its quarter of the lease come in time. */
const PUNCTUAL_GAP = 0.28

export function createJudge(scene: Scene): Judge {
  const { rules } = scene
  const breaches = new Map<Breach, string>()
  let truth = newTask(TASK)
  let endedMs = Number.POSITIVE_INFINITY
  const held = new Set<string>()
  const supersededBy = new Map<string, string>()
  /** Run that took over because its predecessor was absent -> offset on announce up to which its owner had read. */
  const takeovers = new Map<string, number>()
  const confirmedRuns = new Map<number, Set<string>>()
  const steps = createJournalJudge(rules, breach)

  function breach(kind: Breach, why: string): void {
    scene.say(() => `!! ${kind}: ${why}`)
    if (!breaches.has(kind)) breaches.set(kind, why)
  }

  function fold(record: Appended): TaskState {
    const { envelope, partition, offset } = record
    if (envelope.type === 'request') return rules.foldRequest(truth, envelope, formatPlace(record))
    if (!rules.isHome(TASK, partition, PARTITIONS)) return truth
    if (envelope.type === 'task_status') return rules.foldStatus(truth, envelope, offset)
    return envelope.type === 'response' ? rules.foldResponse(truth, envelope, offset) : truth
  }

  function isExpired(): boolean {
    const clockMs = timestampOf(scene.broker().logs.announce.at(-1)?.appendedMs ?? 0)
    const counting = truth.requests.filter(({ place }) => truth.bound === null || place === truth.bound)
    return counting.every(({ expiresAtMs }) => clockMs > expiresAtMs)
  }

  return {
    breaches,
    truth: () => truth,
    journal: () => steps.journal,
    happened: steps.happened,
    replayed: steps.replayed,
    decided: steps.decided,
    appended(record) {
      const before = truth
      truth = fold(record)
      steps.appended(record)
      if (truth.outcome && !before.outcome) {
        endedMs = record.appendedMs
        if (record.envelope.type === 'response' && truth.bound !== null) steps.ended(record.envelope, truth.bound)
      }
      if (!truth.claim || truth.claim.runId === before.claim?.runId) return
      held.add(truth.claim.runId)
      if (before.claim) supersededBy.set(before.claim.runId, truth.claim.runId)
    },
    claimed(member, run, before) {
      const { life } = member
      if (!life) return
      const who = `${nameOf(member)} ${run.runId}`
      if (member.disk.hasAnswered) breach('claimed again what it has finished', who)
      if (endedMs < life.startedMs) breach('claimed a task that had ended before it started', who)
      if (!ownsNumber(scene.broker(), life, member)) breach('claimed under a boot number that is not its own', who)
      if (life.roster.clockMs() > run.expiresAtMs) breach('ran past the deadline', who)
      if (before.claim === null || before.released !== null) return
      const victim = findLiveHolder(scene, member, before.claim)
      if (victim) breach('took over from a live holder', `${who} from ${nameOf(victim)} ${before.claim.runId}`)
      if (before.claim.agentId !== member.agentId) takeovers.set(run.runId, life.announceNext)
    },
    confirmed(member, run) {
      const runs = confirmedRuns.get(run.attempt) ?? new Set()
      confirmedRuns.set(run.attempt, runs.add(run.runId))
      if (runs.size > 1) breach('two holders confirmed for one attempt', [...runs].join(', '))
      if (run.request !== truth.bound)
        breach('worked on another request than the bound one', `${nameOf(member)} ${run.request}, not ${truth.bound}`)
    },
    acted(member, run) {
      const { life } = member
      if (!life) return
      const who = `${nameOf(member)} ${run.runId}`
      if (!held.has(run.runId)) breach('acted without holding the claim', who)
      if (life.roster.clockMs() > run.expiresAtMs) breach('ran past the deadline', who)
      const readUpTo = takeovers.get(supersededBy.get(run.runId) ?? '')
      // A beat behind what its successor had read renews the lease; then only the claim, once read, ends the run.
      if (readUpTo !== undefined && ackedOffset(scene.broker(), life) < readUpTo)
        breach('acted after its lease had gone to another', `${who} after ${supersededBy.get(run.runId)}`)
    },
    outcomeRead(member, draft) {
      const seen = draft.task.outcome?.recordId ?? null
      if (draft.outcomeRead !== null && seen !== draft.outcomeRead)
        breach('readers disagree', `${nameOf(member)} read outcome ${draft.outcomeRead}, then ${seen}`)
      draft.outcomeRead = seen
    },
    finish() {
      for (const member of scene.members()) {
        if (member.life && viewOf(member.disk.task) !== viewOf(truth))
          breach('readers disagree', `${nameOf(member)}: ${viewOf(member.disk.task)}; the log: ${viewOf(truth)}`)
      }
      steps.finish(truth.bound)
      if (truth.outcome === null && !isExpired()) breach('no outcome', viewOf(truth))
      for (const { agentId } of scene.members()) {
        if (scene.members().every((member) => member.agentId !== agentId || member.isGone))
          breach('no boot of an agent is left', agentId)
      }
    },
  }
}

/** The state of a task as text; requests in whatever order their topics were read. */
function viewOf(task: TaskState): string {
  return JSON.stringify({ ...task, requests: task.requests.map(({ place }) => place).sort() })
}

/** The first beat with this number must be one of this boot. */
function ownsNumber(broker: Broker, life: Life, member: Member): boolean {
  const first = broker.logs.announce.find(({ envelope }) => {
    if (envelope.type !== 'announce') return false
    return envelope.payload.agent_id === member.agentId && envelope.payload.boot === life.boot.number()
  })
  return first?.envelope.type === 'announce' && first.envelope.payload.boot_id === life.boot.id
}

function ackedOffset(broker: Broker, life: Life): number {
  const id = life.beatAcked?.id
  return broker.logs.announce.find(({ envelope }) => envelope.id === id)?.offset ?? -1
}

/**
 * The process from which a claim takes the task though it is live: an older boot of the same agent must stand back, anybody
 * must from one whose beats have come regularly for a lease and its margin, the standstill of the broker not counted.
 */
function findLiveHolder(
  scene: Scene,
  taker: Member,
  claim: { agentId: string; boot: number; runId: string },
): Member | undefined {
  return scene.members().find((holder) => {
    const { life } = holder
    if (holder === taker || !life || holder.agentId !== claim.agentId || life.boot.number() !== claim.boot) return false
    if (holder.agentId !== taker.agentId) return isHealthy(scene, life)
    return life.run?.runId === claim.runId && claim.boot >= (taker.life?.boot.number() ?? 0)
  })
}

function isHealthy(scene: Scene, life: Life): boolean {
  const nowMs = scene.nowMs()
  const broker = scene.broker()
  const lived = (fromMs: number, toMs: number): number => toMs - fromMs - broker.frozenBetween(fromMs, toMs)
  const windowMs = scene.leaseMs + LEASE_MARGIN_MS
  const gap = broker.frozenBetween(nowMs - 2 * windowMs, nowMs) > 0 ? PUNCTUAL_GAP : HEALTHY_GAP
  let untilMs = nowMs
  for (const { envelope, appendedMs } of broker.logs.announce.toReversed()) {
    if (envelope.type !== 'announce' || envelope.payload.boot_id !== life.boot.id) continue
    if (lived(appendedMs, untilMs) > gap * scene.leaseMs) return false
    if (lived(appendedMs, nowMs) > windowMs) return true
    untilMs = appendedMs
  }
  return false
}
