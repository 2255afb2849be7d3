import { beatIntervalMs, beatTimeoutMs } from '../../src/index.ts'
import type { Outgoing } from './broker.ts'
import { ALL_LANES, isCaughtUp, type Life, type Member, nameOf } from './member.ts'
import { beatRecord } from './records.ts'
import { refuse } from './working.ts'
import { strikes, type World } from './world.ts'

/** A batch that got no answer for so long is sent again. */
const SEND_TIMEOUT_MS = 1500

/** The outbox: in order, one batch on its way. */
export function send(world: World, member: Member): void {
  const { life } = member
  if (!life) return
  if (life.outboxFlight && world.nowMs - life.outboxFlight.sinceMs > SEND_TIMEOUT_MS) life.outboxFlight = null
  if (life.outboxFlight) return
  const rows = takeBatch(world, member, life)
  if (!rows) return
  const flight = { sinceMs: world.nowMs }
  life.outboxFlight = flight
  if (strikes(world, 'slowSend', 0.1)) stall(world, life.outboxLane)
  life.outboxLane.flights.push({
    records: rows,
    acknowledged() {
      // An answer to a batch that was given up and sent again comes too late to mean anything.
      if (life.outboxFlight !== flight) return
      life.outboxFlight = null
      life.unsent = life.unsent.filter((row) => !rows.includes(row))
      for (const row of rows) life.sentAll.add(row)
      for (const { envelope } of rows) noteSent(world, member, envelope.id)
    },
  })
}

/** Of the journal records that it keeps it knows how far they lie on the log. */
function noteSent(world: World, { disk, life }: Member, id: string): void {
  if (!life || disk.journal.entries.every(({ recordId }) => recordId !== id)) return
  const place = world.broker.logs.traces.findLast(({ envelope }) => envelope.id === id)
  if (place) life.tracesSent = place.offset + 1
}

/** The rows that go next; an answer that is not allowed stops them, and is set aside when it is the first. */
function takeBatch(world: World, member: Member, life: Life): Outgoing[] | null {
  const isRefused = ({ lane }: Outgoing): boolean =>
    world.faults.refused && member.agentId === 'agent-2' && lane === 'responses'
  const batch = life.unsent.slice(0, 1 + world.random.below(3))
  const refused = batch.findIndex(isRefused)
  const [first] = batch
  if (!first) return null
  if (refused !== 0) return refused < 0 ? batch : batch.slice(0, refused)
  life.unsent.shift()
  refuse(world, member, first)
  return null
}

function stall(world: World, lane: Life['beatLane']): void {
  lane.stalledUntilMs = world.nowMs + world.random.below(2 * world.leaseMs)
}

/** Sends the beat that is due, if there is one and the last one has come back. */
export function beat(world: World, member: Member): boolean {
  const { life } = member
  if (!life || world.nowMs < life.nextBeatMs) return false
  const lanes = world.rules.isCaughtUpBeforeClaiming ? ALL_LANES : (['announce'] as const)
  if (life.boot.number() === 0 && !isCaughtUp(member, life, lanes)) return false
  if (life.boot.number() === 0) life.boot.choose()
  life.nextBeatMs = world.nowMs + beatIntervalMs(world.leaseMs)
  if (strikes(world, 'rareBeats', 0.1)) life.nextBeatMs += world.random.below(3 * world.leaseMs)
  if (life.beatFlyingMs !== null && world.nowMs - life.beatFlyingMs > beatTimeoutMs(world.leaseMs))
    life.beatFlyingMs = null
  if (life.beatFlyingMs !== null || life.beatAcked?.isSeen === false) return false
  sendBeat(world, member, life)
  return true
}

function sendBeat(world: World, member: Member, life: Life): void {
  const sentMs = world.nowMs
  const id = world.newId('beat')
  const fields = { agentId: member.agentId, bootId: life.boot.id, boot: life.boot.number() }
  const envelope = beatRecord(id, { ...fields, free: life.run ? 0 : 1, leaving: life.isLeaving })
  life.beatsSent.set(id, sentMs)
  life.beatFlyingMs = sentMs
  if (strikes(world, 'slowSend', 0.05)) stall(world, life.beatLane)
  life.beatLane.flights.push({
    records: [{ lane: 'announce', envelope }],
    acknowledged() {
      if (life.beatFlyingMs === sentMs) life.beatFlyingMs = null
      if (life.beatAcked && life.beatAcked.sentMs > sentMs) return
      life.beatAcked = { id, sentMs, isSeen: !life.beatsSent.has(id) }
    },
  })
}

/** Stops in order: the last beat says so. */
export function leave(world: World, member: Member, life: Life): void {
  world.say(() => `${nameOf(member)} leaves`)
  if (life.isConfirmed) sendBeat(world, member, life)
}
