import { type AbsenceChain, type Boot, newTask, type Roster, type TaskState } from '../../src/index.ts'
import type { Connection, Outgoing } from './broker.ts'
import { LANES, type Lane, TASK, TASK_LANES, type TaskLane } from './records.ts'
import type { World } from './world.ts'

/** What a process has on its disk; replaced as a whole by each transaction. */
export interface Disk {
  readonly positions: Readonly<Record<TaskLane, number>>
  readonly task: TaskState
  /** The own answer is on its way. */
  readonly finished: boolean
  readonly outbox: readonly Outgoing[]
  /** For the judge: whether an answer was written from this disk, and which outcome was read. */
  readonly hasAnswered: boolean
  readonly outcomeRead: string | null
}

export interface Run {
  readonly runId: string
  readonly attempt: number
  /** Place of the request that it works on. */
  readonly request: string
  readonly expiresAtMs: number
  isConfirmed: boolean
  stepsLeft: number
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
  readonly ends: Readonly<Record<Lane, number>>
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
  isCut: boolean
  boots: number
}

function newDisk(): Disk {
  return {
    positions: { requests: 0, skill: 0, status: 0, statusAway: 0, responses: 0, responsesAway: 0 },
    task: newTask(TASK),
    finished: false,
    outbox: [],
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
    isCut: false,
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
    sinceMs: nowMs,
    unsent: [...member.disk.outbox],
    sentAll: new Set(),
    outboxFlight: null,
  }
  world.say(() => `${nameOf(member)} starts as ${boot.id}`)
}

export function crash(world: World, member: Member, why = 'crashes'): void {
  if (!member.life) return
  world.broker.disconnect(member.life.beatLane)
  world.broker.disconnect(member.life.outboxLane)
  member.life = null
  member.isPaused = false
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

export function isCaughtUp(member: Member, life: Life, lanes: readonly Lane[]): boolean {
  return lanes.every((lane) => nextOffset(member, life, lane) >= life.ends[lane])
}

export function nextOffset(member: Member, life: Life, lane: Lane): number {
  return lane === 'announce' ? life.announceNext : member.disk.positions[lane]
}

export const ALL_LANES: readonly Lane[] = ['announce', ...TASK_LANES]
