import {
  type AbsenceChain,
  type ApprovalState,
  type Boot,
  newTask,
  type Roster,
  type TaskState,
} from '../../src/index.ts'
import type { Connection, Outgoing } from './broker.ts'
import type { Step } from './plan.ts'
import { LANES, type Lane, type ReadLane, TASK, TASK_LANES, type TaskLane } from './records.ts'
import type { Call } from './target.ts'
import type { Entry, Watch } from './watch.ts'
import type { World } from './world.ts'

/** What a process has on its disk; replaced as a whole by each transaction. */
export interface Disk {
  readonly positions: Readonly<Record<TaskLane, number>>
  readonly task: TaskState
  /** The own answer is on its way. */
  readonly finished: boolean
  readonly outbox: readonly Outgoing[]
  readonly journal: JournalCopy
  /** For the judge: whether an answer was written from this disk, and which outcome was read. */
  readonly hasAnswered: boolean
  readonly outcomeRead: string | null
}

/** What a process has kept of the journal: what it wrote, and what it found when it took the task over. */
export interface JournalCopy {
  readonly entries: readonly Entry[]
  /** Everything that it has written before this offset of `traces` is here; null when nothing is known. */
  readonly sentBefore: number | null
}

/** Where a run stands; between two of these its process may die or stand still. */
export type Stage =
  | { kind: 'begins' }
  | { kind: 'waits for its start'; startedId: string | null }
  | { kind: 'next step' }
  | { kind: 'thinks'; step: Step; redo: number }
  /** The claim and the lease have been looked at. */
  | { kind: 'about to call'; step: Step; redo: number }
  | { kind: 'calls'; step: Step; redo: number; call: Call; sinceMs: number }
  /** An effect that must not happen twice; tries up to `voided` are settled. */
  | { kind: 'looks'; step: Step; voided: number }
  | { kind: 'waits for its intent'; step: Step; redo: number; intentId: string; voided: number }
  | { kind: 'may call'; step: Step; redo: number }
  | { kind: 'in doubt'; step: Step; intent: Entry; voided: number }
  | { kind: 'waits for a person'; step: Step; intent: Entry; voided: number; approvalId: string }
  | { kind: 'waits for its result'; step: Step; resultId: string; voided: number }
  | { kind: 'answers'; status: 'completed' | 'failed' }

export interface Run {
  readonly runId: string
  readonly attempt: number
  /** Where the journal begins, by the claim. */
  readonly journalFrom: number
  /** End of `traces` that was known when it was claimed. */
  readonly readFrom: number
  /** Who held the claim before. */
  readonly previous: { agentId: string; boot: number; runId: string } | null
  /** Place of the request that it works on. */
  readonly request: string
  readonly expiresAtMs: number
  isConfirmed: boolean
  stage: Stage
  /** What the steps so far gave. */
  readonly outputs: string[]
  /** Null while nothing has to be known of the journal. */
  watch: Watch | null
  /** It has told that it finished a step which none before it had. */
  hasProgressed: boolean
  /** Until then the model thinks. */
  nextActMs: number
}

/** What a process has in memory: gone with it. */
export interface Life {
  readonly startedMs: number
  readonly boot: Boot
  readonly roster: Roster
  readonly absence: AbsenceChain
  /** Where the topics ended when it started. */
  readonly ends: Readonly<Record<ReadLane, number>>
  readonly beatLane: Connection
  readonly outboxLane: Connection
  announceNext: number
  /** Beats sent and not read back: id -> when they were sent. */
  readonly beatsSent: Map<string, number>
  beatAcked: { id: string; sentMs: number; isSeen: boolean } | null
  beatFlyingMs: number | null
  nextBeatMs: number
  /** The first own beat was read back. */
  isConfirmed: boolean
  isLeaving: boolean
  run: Run | null
  /** The run whose answer was refused: its release is on its way. */
  givenBack: string | null
  /** As its disk knew it when it started. */
  readonly sentBefore: number | null
  /** Where its last journal records came to lie. */
  tracesSent: number | null
  /** Runs that were replaced while they called. */
  replaced: Run[]
  /** End of `traces` as it was looked up last. */
  tracesEnd: number
  approvalsNext: number
  readonly approvals: Map<string, ApprovalState>
  /** Since when the task stands as it stands. */
  sinceMs: number
  unsent: Outgoing[]
  sentAll: Set<Outgoing>
  outboxFlight: { sinceMs: number } | null
}

export interface Member {
  readonly index: number
  readonly agentId: string
  readonly slowLane: Lane | null
  disk: Disk
  oldDisk: Disk
  life: Life | null
  /** Replaced by a newer boot: nobody starts it again. */
  isGone: boolean
  isPaused: boolean
  /** It stands still until then, and nothing befalls the others meanwhile; 0 when it does not. */
  sleepsUntilMs: number
  isCut: boolean
  /** Until then nothing is read of `tasks.status` and `responses`. */
  deafUntilMs: number
  boots: number
}

function newDisk(): Disk {
  return {
    positions: { requests: 0, skill: 0, status: 0, statusAway: 0, responses: 0, responsesAway: 0 },
    task: newTask(TASK),
    finished: false,
    outbox: [],
    journal: { entries: [], sentBefore: null },
    hasAnswered: false,
    outcomeRead: null,
  }
}

export function createMember(world: World, index: number): Member {
  const disk = newDisk()
  return {
    index,
    agentId: world.faults.twin && index === 1 ? 'agent-0' : `agent-${index}`,
    slowLane: world.faults.slowTopic ? world.random.pick(LANES) : null,
    disk,
    oldDisk: disk,
    life: null,
    isGone: false,
    isPaused: false,
    sleepsUntilMs: 0,
    isCut: false,
    deafUntilMs: 0,
    boots: 0,
  }
}

export function nameOf(member: Member): string {
  return `P${member.index}(${member.agentId})`
}

export function start(world: World, member: Member): void {
  const { logs } = world.broker
  const { nowMs } = world
  member.boots++
  member.disk = { ...member.disk, journal: withoutUnsent(member.disk) }
  const boot = world.rules.createBoot(`${member.agentId}.${member.index}.${member.boots}`)
  member.life = {
    startedMs: nowMs,
    boot,
    roster: world.rules.createRoster(() => world.leaseMs),
    absence: world.rules.createAbsenceChain(world.leaseMs, () => world.nowMs),
    ends: {
      announce: logs.announce.length,
      requests: logs.requests.length,
      skill: logs.skill.length,
      status: logs.status.length,
      statusAway: logs.statusAway.length,
      responses: logs.responses.length,
      responsesAway: logs.responsesAway.length,
    },
    beatLane: world.broker.connect(),
    outboxLane: world.broker.connect(),
    announceNext: 0,
    beatsSent: new Map(),
    beatAcked: null,
    beatFlyingMs: null,
    nextBeatMs: nowMs,
    isConfirmed: false,
    isLeaving: false,
    run: null,
    givenBack: null,
    sentBefore: member.disk.journal.sentBefore,
    tracesSent: member.disk.journal.sentBefore,
    replaced: [],
    tracesEnd: logs.traces.length,
    approvalsNext: 0,
    approvals: new Map(),
    sinceMs: nowMs,
    unsent: [...member.disk.outbox],
    sentAll: new Set(),
    outboxFlight: null,
  }
  world.say(() => `${nameOf(member)} starts as ${boot.id}`)
}

/** What was not seen sent is sent now, and read on the log: a disk that was put back sends it behind what it does not know of. */
function withoutUnsent({ journal, outbox }: Disk): JournalCopy {
  const unsent = new Set(outbox.map(({ envelope }) => envelope.id))
  return { ...journal, entries: journal.entries.filter(({ recordId }) => !unsent.has(recordId)) }
}

export function crash(world: World, member: Member, why = 'crashes'): void {
  if (!member.life) return
  world.broker.disconnect(member.life.beatLane)
  world.broker.disconnect(member.life.outboxLane)
  member.life = null
  member.isPaused = false
  member.sleepsUntilMs = 0
  world.say(() => `${nameOf(member)} ${why}`)
}

export function loseDisk(world: World, member: Member): void {
  member.disk = newDisk()
  member.oldDisk = member.disk
  world.say(() => `${nameOf(member)} has lost its disk`)
}

export function restoreDisk(world: World, member: Member): void {
  member.disk = member.oldDisk
  world.say(() => `${nameOf(member)} has an old disk again`)
}

export function isCaughtUp(member: Member, life: Life, lanes: readonly ReadLane[]): boolean {
  return lanes.every((lane) => nextOffset(member, life, lane) >= life.ends[lane])
}

export function nextOffset(member: Member, life: Life, lane: ReadLane): number {
  return lane === 'announce' ? life.announceNext : member.disk.positions[lane]
}

export const ALL_LANES: readonly ReadLane[] = ['announce', ...TASK_LANES]
