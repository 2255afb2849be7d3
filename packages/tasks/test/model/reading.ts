import { formatPlace, type ResponseEnvelope } from '@kafclaw/envelope'
import { newApproval } from '../../src/index.ts'
import type { Appended } from './broker.ts'
import { crash, type Life, type Member, nameOf, nextOffset } from './member.ts'
import { type Lane, PARTITIONS, READ_LANES, type ReadLane, TASK, timestampOf } from './records.ts'
import { type Draft, transact } from './transaction.ts'
import { readOn } from './watch.ts'
import { strikes, type World } from './world.ts'

/** One fetch: some records of some topics, folded in one transaction. */
export function read(world: World, member: Member): void {
  const { random } = world
  const isRead = (lane: Lane): boolean => random.flip(lane === member.slowLane ? 0.05 : 0.7)
  const isDeaf = world.nowMs < member.deafUntilMs
  const lanes = READ_LANES.filter((lane) => isRead(lane) && !(isDeaf && DEAF_LANES.has(lane)))
  readUpTo(world, member, new Map(lanes.map((lane) => [lane, 1 + random.below(12)])))
  readJournal(world, member, isRead('traces') ? 1 + random.below(12) : 0)
  readApprovals(world, member, isRead('approvals') ? 1 + random.below(12) : 0)
  if (member.life && random.flip(0.2)) member.life.tracesEnd = world.broker.logs.traces.length
}

const DEAF_LANES: ReadonlySet<Lane> = new Set(['status', 'responses'])

/** Everything there is. */
export function readAll(world: World, member: Member): void {
  readUpTo(world, member, new Map(READ_LANES.map((lane) => [lane, Number.POSITIVE_INFINITY])))
  readJournal(world, member, Number.POSITIVE_INFINITY)
  readApprovals(world, member, Number.POSITIVE_INFINITY)
}

/** What a run needs to know of the journal is read for it alone; none of it is stored as read. */
function readJournal(world: World, { life }: Member, most: number): void {
  if (life?.run?.watch) readOn(life.run.watch, world.broker.logs.traces, most)
}

function readApprovals(world: World, member: Member, most: number): void {
  const { life } = member
  if (!life) return
  for (const { offset, envelope } of world.broker.logs.approvals.slice(life.approvalsNext, life.approvalsNext + most)) {
    life.approvalsNext = offset + 1
    if (envelope.type !== 'approval') continue
    const { approval_id: id } = envelope.payload
    const state = world.rules.foldApproval(life.approvals.get(id) ?? newApproval(id), envelope)
    life.approvals.set(id, state)
    if (state.decision) world.judge.decided(member, state.decision)
  }
}

function readUpTo(world: World, member: Member, most: ReadonlyMap<ReadLane, number>): void {
  const { life } = member
  if (!life) return
  const batches = [...most].map(([lane, count]): [ReadLane, Appended[]] => {
    const from = nextOffset(member, life, lane)
    return [lane, world.broker.logs[lane].slice(from, from + count)]
  })
  if (!world.rules.areOffsetsInTransaction) {
    storePositions(member, batches)
    if (strikes(world, 'crash', 0.02)) {
      crash(world, member, 'crashes between positions and state')
      return
    }
  }
  let isReplaced = false
  const survived = transact(world, member, (draft) => {
    for (const [lane, records] of batches) {
      if (records.length === 0) continue
      for (const record of records) {
        if (!fold(world, member, { life, draft, record })) isReplaced = true
      }
      if (lane !== 'announce') draft.positions[lane] = (records.at(-1)?.offset ?? 0) + 1
    }
  })
  if (survived && isReplaced) {
    member.isGone = true
    world.reach('replaced by a newer boot')
    crash(world, member, 'is replaced by a newer boot')
  }
}

function storePositions(member: Member, batches: ReadonlyArray<[ReadLane, Appended[]]>): void {
  const positions = { ...member.disk.positions }
  for (const [lane, records] of batches) {
    const last = records.at(-1)
    if (last && lane !== 'announce') positions[lane] = last.offset + 1
  }
  member.disk = { ...member.disk, positions }
}

interface Reading {
  life: Life
  draft: Draft
  record: Appended
}

/** Takes one record in; false when it says that a newer boot has taken over. */
function fold(world: World, member: Member, { life, draft, record }: Reading): boolean {
  const { rules } = world
  const { envelope, offset, partition } = record
  const isHome = (): boolean => rules.isHome(TASK, partition, PARTITIONS)
  switch (envelope.type) {
    case 'request':
      draft.task = rules.foldRequest(draft.task, envelope, formatPlace(record))
      return true
    case 'task_status':
      if (isHome()) draft.task = rules.foldStatus(draft.task, envelope, offset)
      return true
    case 'response':
      if (isHome()) draft.task = rules.foldResponse(draft.task, envelope, offset)
      else copyHome(world, draft, envelope)
      world.judge.outcomeRead(member, draft)
      return true
    case 'announce':
      life.announceNext = offset + 1
      return foldBeat(world, member, { life, draft, record })
    case 'trace':
    case 'approval':
      return true
  }
}

/** A misplaced answer does not count, its copy does. */
function copyHome(world: World, draft: Draft, envelope: ResponseEnvelope): void {
  if (draft.task.outcome !== null) return
  world.reach('answer copied home')
  draft.added.push({ lane: 'responses', envelope: { ...envelope, id: world.newId('copy') } })
}

function foldBeat(world: World, member: Member, { life, record }: Reading): boolean {
  const { envelope } = record
  if (envelope.type !== 'announce') return true
  const { agent_id, boot } = envelope.payload
  life.absence.heard({ agentId: agent_id, boot })
  life.roster.fold(envelope, { offset: record.offset, timestampMs: timestampOf(record.appendedMs) })
  if (agent_id !== member.agentId || life.isLeaving) return true
  const reading = life.boot.read(envelope)
  switch (reading.kind) {
    case 'own': {
      const sentMs = readBack(life, envelope.id)
      if (sentMs === null) return true
      life.absence.ownBeat({ sentMs, readMs: world.nowMs })
      if (!life.isConfirmed) world.say(() => `${nameOf(member)} is boot ${life.boot.number()}`)
      life.isConfirmed = true
      return true
    }
    case 'taken':
      world.reach('number taken by a twin')
      readBack(life, envelope.id)
      life.nextBeatMs = world.nowMs
      return true
    case 'replaced':
      life.isLeaving = true
      life.run = null
      return false
    case 'older':
      return true
  }
}

/** When the beat was sent; null when it is not one of this boot, or one that a later one has overtaken. */
function readBack(life: Life, id: string): number | null {
  const sentMs = life.beatsSent.get(id)
  if (sentMs === undefined) return null
  for (const [other, atMs] of life.beatsSent) if (atMs <= sentMs) life.beatsSent.delete(other)
  if (life.beatAcked && life.beatAcked.sentMs <= sentMs) life.beatAcked.isSeen = true
  return sentMs
}
