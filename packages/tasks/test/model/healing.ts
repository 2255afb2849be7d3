import { type Member, start } from './member.ts'
import { decide } from './person.ts'
import { readAll } from './reading.ts'
import { beat, send } from './sending.ts'
import { transact } from './transaction.ts'
import { work } from './working.ts'
import type { World } from './world.ts'

const ROUNDS_A_LEASE = 40
const STAGES_A_ROUND = 3
/** Long enough for three holders in a row to be found absent. */
const MOST_ROUNDS = 400

/** Everything comes back and nothing fails any more: the task must come to its end, and all readers to one state. */
export function heal(world: World, members: readonly Member[]): void {
  world.isHealing = true
  world.say(() => '-- everything comes back')
  world.broker.clearWays()
  for (const member of members) {
    member.isPaused = false
    member.sleepsUntilMs = 0
    member.isCut = false
  }
  for (let round = 0; round < MOST_ROUNDS; round++) {
    world.nowMs += world.leaseMs / ROUNDS_A_LEASE
    arriveAll(world)
    for (const member of members) liveOn(world, member)
    decide(world, members)
    world.target.arrive()
    if (isQuiet(world, members)) break
  }
  arriveAll(world)
  for (const member of members) readAll(world, member)
}

function arriveAll(world: World): void {
  if (world.broker.isFrozen(world.nowMs)) return
  while (world.broker.inFlight() > 0) world.broker.arrive(world.nowMs, () => false)
}

function liveOn(world: World, member: Member): void {
  if (member.isGone) return
  // A boot that was told to stop has done so by now.
  if (member.life?.isLeaving) member.life = null
  if (!member.life) start(world, member)
  if (!world.broker.isFrozen(world.nowMs)) readAll(world, member)
  beat(world, member)
  transact(world, member, () => undefined)
  for (let stages = 0; stages < STAGES_A_ROUND; stages++) work(world, member)
  send(world, member)
}

function isQuiet(world: World, members: readonly Member[]): boolean {
  if (world.judge.truth().outcome === null) return false
  return world.broker.inFlight() === 0 && members.every(({ isGone, disk }) => isGone || disk.outbox.length === 0)
}
