import { AppError, parsePlace, type RecordPlace } from '@kafclaw/envelope'
import type { Claimant, ClaimDecision, TaskState } from '../../src/index.ts'
import type { Outgoing } from './broker.ts'
import {
  ALL_LANES,
  crash,
  type Disk,
  isCaughtUp,
  type JournalCopy,
  type Life,
  type Member,
  nameOf,
  type Run,
} from './member.ts'
import { claimRecord, responseRecord, type TaskLane } from './records.ts'
import { type Reached, strikes, type World } from './world.ts'

/** What a transaction is about to store. */
export interface Draft {
  task: TaskState
  finished: boolean
  hasAnswered: boolean
  outcomeRead: string | null
  positions: Record<TaskLane, number>
  readonly added: Outgoing[]
  journal: JournalCopy
  /** Rows that can never be sent. */
  readonly parked: Outgoing[]
}

/**
 * One transaction as the runtime does it: the work, the claims that are due, the rows of the outbox. A crash before its end
 * leaves nothing of it; memory changes when it has been stored. Returns false when the process did not survive it.
 */
export function transact(world: World, member: Member, work: (draft: Draft) => void): boolean {
  const { life, disk } = member
  if (!life) return false
  const { task, finished, hasAnswered, outcomeRead, journal } = disk
  const draft: Draft = {
    task,
    finished,
    hasAnswered,
    outcomeRead,
    positions: { ...disk.positions },
    journal,
    added: [],
    parked: [],
  }
  work(draft)
  if (draft.task !== task) life.sinceMs = world.nowMs
  const begun = takeDue(world, member, { life, draft })
  if (strikes(world, 'crash', 0.005)) {
    crash(world, member, 'crashes before its commit')
    return false
  }
  member.disk = toDisk(member.disk, draft, life)
  life.unsent.push(...draft.added)
  if (begun) {
    life.run = begun
    world.reach(groundsOf(member, draft.task))
    world.judge.claimed(member, begun, draft.task)
  }
  follow(world, member, life)
  return true
}

/** Rows that were acknowledged go with the next transaction. */
function toDisk(before: Disk, { added, parked, ...draft }: Draft, life: Life): Disk {
  const left = before.outbox.filter((row) => !life.sentAll.has(row) && !parked.includes(row))
  life.sentAll.clear()
  const journal = { ...draft.journal, sentBefore: life.tracesSent }
  return { ...draft, journal, outbox: [...left, ...added] }
}

/** After the commit: the run learns what has become of its claim and its task. */
function follow(world: World, member: Member, life: Life): void {
  const { run } = life
  const { claim, outcome } = member.disk.task
  if (!run) return
  if (outcome !== null) {
    replace(life, run)
  } else if (claim?.runId === run.runId) {
    if (!run.isConfirmed) world.judge.confirmed(member, run)
    run.isConfirmed = true
  } else if (claim && claim.attempt >= run.attempt) {
    world.say(() => `${nameOf(member)} ${run.runId} is superseded`)
    world.reach('superseded')
    replace(life, run)
  }
}

/** The run ends; what a call of it has done may still be written down. */
function replace(life: Life, run: Run): void {
  life.run = null
  if (run.stage.kind === 'calls') life.replaced.push(run)
}

function takeDue(world: World, member: Member, { life, draft }: { life: Life; draft: Draft }): Run | null {
  const { rules } = world
  if (!life.isConfirmed || life.isLeaving || life.run || draft.finished) return null
  if (isGivenBack(draft.task, life)) return null
  if (rules.isCaughtUpBeforeClaiming && !isCaughtUp(member, life, ALL_LANES)) return null
  const decision = rules.decideClaim(draft.task, claimantOf(world, member, life))
  if (decision.kind === 'exhausted') giveUp(world, member, draft)
  if (decision.kind !== 'claim' || life.sinceMs + decision.waitMs > world.nowMs) return null
  return writeClaim(world, member, { life, draft, decision })
}

/** The release has not been read back yet. */
function isGivenBack({ claim, released }: TaskState, life: Life): boolean {
  return released === null && claim !== null && claim.runId === life.givenBack
}

function claimantOf(world: World, member: Member, life: Life): Claimant {
  return {
    agentId: member.agentId,
    boot: life.boot.number(),
    skills: SKILLS,
    candidates: () => life.roster.live().map(({ agentId, manifest }) => ({ agentId, free: manifest.free ?? 1 })),
    isAbsent: (other) => life.absence.isAbsent(other),
    isRunning: () => life.run !== null,
    clockMs: life.roster.clockMs(),
    ...(world.faults.advice ? { orchestration: { leaseMs: world.leaseMs, isRequired: false } } : {}),
  }
}

function groundsOf(member: Member, { claim, released }: TaskState): Reached {
  if (claim === null) return 'claim of an open task'
  if (released !== null) return 'claim after a release'
  return claim.agentId === member.agentId ? 'claim of what an earlier boot held' : 'claim after an absence'
}

const SKILLS: ReadonlySet<string> = new Set(['chat'])

function writeClaim(
  world: World,
  member: Member,
  { life, draft, decision }: { life: Life; draft: Draft; decision: Extract<ClaimDecision, { kind: 'claim' }> },
): Run {
  const { attempt, fruitless, request } = decision
  const runId = world.newId('run')
  const { claim } = draft.task
  const readFrom = life.tracesEnd
  const journalFrom = claim?.journalFrom ?? readFrom
  const fields = { attempt, runId, agentId: member.agentId, boot: life.boot.number(), journalFrom, fruitless }
  const record = claimRecord(world.newId('claim'), { ...fields, request: placeOf(request.place) })
  draft.added.push({ lane: 'status', envelope: record })
  world.say(() => `${nameOf(member)} claims attempt ${attempt} as ${runId} for ${request.place}`)
  return {
    runId,
    attempt,
    journalFrom,
    readFrom,
    previous: claim,
    request: request.place,
    expiresAtMs: request.expiresAtMs,
    isConfirmed: false,
    stage: { kind: 'begins' },
    outputs: [],
    watch: null,
    hasProgressed: false,
    nextActMs: world.nowMs,
  }
}

/** Too many attempts without a step: somebody ends the task. */
function giveUp(world: World, member: Member, draft: Draft): void {
  world.say(() => `${nameOf(member)} gives the task up`)
  world.reach('given up')
  const fields = { status: 'failed' as const, by: member.agentId, runId: null }
  draft.added.push({ lane: 'responses', envelope: responseRecord(world.newId('failed'), fields) })
  draft.finished = true
}

function placeOf(text: string): RecordPlace {
  const place = parsePlace(text)
  if (place === null) throw new AppError('KC_BUG', `"${text}" is no position on the log.`)
  return place
}
