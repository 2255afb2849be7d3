import { formatPlace } from '@kafclaw/envelope'
import { type Appended, createBroker } from './broker.ts'
import { drawFaults, type Faults } from './faults.ts'
import { heal } from './healing.ts'
import { type Breach, createJudge } from './judge.ts'
import { crash, createMember, type Life, loseDisk, type Member, nameOf, restoreDisk, start } from './member.ts'
import { actOutside, createOutside, type Outside } from './outside.ts'
import { decide } from './person.ts'
import { createRandom } from './random.ts'
import { read } from './reading.ts'
import type { Rules } from './rules.ts'
import { beat, leave, send } from './sending.ts'
import { createTarget } from './target.ts'
import { transact } from './transaction.ts'
import { giveBack, work } from './working.ts'
import { type Reached, strikes, type World } from './world.ts'

/** What one schedule came to. */
export interface Verdict {
  seed: number
  faults: Faults
  breaches: ReadonlyMap<Breach, string>
  /** One line an event; empty unless it was asked for. */
  trace: readonly string[]
  attempts: number
  reached: ReadonlyMap<Reached, number>
  hasOutcome: boolean
}

/** Restarts and lost disks may still do harm when the task is over, but not for long. */
const TURNS_AFTER_OUTCOME = 300

/** Runs one task through one random schedule; the same seed and rules give the same one. */
export function runSchedule(seed: number, rules: Rules, { isTraced = false } = {}): Verdict {
  const trace: string[] = []
  const reached = new Map<Reached, number>()
  const { world, members } = createWorld(seed, rules, {
    say: (line) => isTraced && trace.push(line()),
    reach: (what) => reached.set(what, (reached.get(what) ?? 0) + 1),
  })
  const outside = createOutside(world)
  for (const member of members) if (world.random.flip(0.8)) start(world, member)
  const turns = 400 + world.random.below(1400)
  for (let turn = 0, over = 0; turn < turns && over < TURNS_AFTER_OUTCOME; turn++) {
    takeTurn(world, members, outside)
    if (world.judge.truth().outcome !== null) over++
  }
  heal(world, members)
  world.judge.finish()
  const truth = world.judge.truth()
  return {
    seed,
    faults: world.faults,
    breaches: world.judge.breaches,
    trace,
    reached,
    attempts: truth.claim?.attempt ?? 0,
    hasOutcome: truth.outcome !== null,
  }
}

function createWorld(seed: number, rules: Rules, { say, reach }: Pick<World, 'say' | 'reach'>) {
  const random = createRandom(seed)
  const members: Member[] = []
  let ids = 0
  const tell = (line: () => string): void => say(() => `${String(Math.round(world.nowMs)).padStart(6)} ${line()}`)
  const leaseMs = random.pick([2000, 12_000])
  const judge = createJudge({
    rules,
    leaseMs,
    broker: () => world.broker,
    members: () => members,
    nowMs: () => world.nowMs,
    say: tell,
  })
  const world: World = {
    rules,
    faults: drawFaults(random),
    random,
    judge,
    broker: createBroker(random, (record) => {
      judge.appended(record)
      tell(() => `  ${describe(record)}`)
    }),
    leaseMs,
    target: createTarget(() => world, random.pick(['key', 'key', 'attempt', 'neither']), leaseMs / 4),
    restartChance: random.pick([0.2, 0.02, 0.003]),
    wakeChance: random.pick([0.1, 0.02, 0.007, 0.004]),
    nowMs: 0,
    isHealing: false,
    newId: (kind) => `${kind}-${ids++}`,
    reach,
    say: tell,
  }
  for (const index of [0, 1, 2]) members.push(createMember(world, index))
  return { world, members }
}

function takeTurn(world: World, members: readonly Member[], outside: Outside): void {
  const { random } = world
  world.nowMs += random.below(world.leaseMs / 100)
  if (random.flip(0.4)) world.broker.arrive(world.nowMs, () => strikes(world, 'lostAck', 0.25))
  if (random.flip(0.02)) actOutside(world, outside)
  if (random.flip(0.02)) decide(world, members)
  world.target.arrive()
  if (strikes(world, 'frozenBroker', 0.001)) freeze(world)
  // Every disk at once: pods without volumes.
  if (strikes(world, 'lostDisk', 0.0005)) for (const member of members) if (member.boots > 0) loseAll(world, member)
  const member = random.oneOf(members)
  if (!member || member.isGone) return
  const sleeper = members.find(({ sleepsUntilMs }) => sleepsUntilMs > 0)
  if (sleeper === member) sleepOn(world, member)
  else if ((sleeper && member.life && !member.isPaused) || !suffers(world, member)) step(world, member)
}

function freeze(world: World): void {
  const untilMs = world.nowMs + world.random.below(2 * world.leaseMs)
  world.broker.freeze(world.nowMs, untilMs)
  world.say(() => `the broker stands still until ${untilMs}`)
}

function loseAll(world: World, member: Member): void {
  crash(world, member)
  loseDisk(world, member)
}

/** What befalls a process in this turn; true when it does nothing else. */
function suffers(world: World, member: Member): boolean {
  const { random, faults } = world
  const { life } = member
  if (!life) {
    if (random.flip(world.restartChance)) startAgain(world, member)
    return true
  }
  if (member.isPaused) {
    if (random.flip(world.wakeChance)) wake(world, member)
    return true
  }
  if (life.run?.stage.kind === 'about to call' && strikes(world, 'sleeper', 0.3)) {
    member.sleepsUntilMs = world.nowMs + (1 + 2 * random.next()) * world.leaseMs
    world.say(() => `${nameOf(member)} sleeps until ${Math.round(member.sleepsUntilMs)}`)
    return true
  }
  if (strikes(world, 'pause', pauseChance(life))) {
    member.isPaused = true
    world.say(() => `${nameOf(member)} stands still`)
    return true
  }
  if (strikes(world, 'crash', crashChance(life))) {
    crash(world, member)
    return true
  }
  if (strikes(world, 'cut', 0.01)) toggleCut(world, member)
  if (strikes(world, 'stop', 0.005)) {
    life.isLeaving = true
    giveBack(world, member, life)
  }
  if (faults.oldDisk && random.flip(0.005)) member.oldDisk = member.disk
  return false
}

/** It does most harm right before a call, or while others have to find out about one. */
function pauseChance({ run }: Life): number {
  switch (run?.stage.kind) {
    case 'about to call':
      return 0.3
    case 'waits for its intent':
    case 'calls':
    case 'in doubt':
    case 'waits for its result':
      return 0.1
    case undefined:
      return 0.003
    default:
      return 0.03
  }
}

/** It does most harm when a call is under way, or when something has been found out about one. */
function crashChance({ run }: Life): number {
  switch (run?.stage.kind) {
    case 'calls':
    case 'waits for a person':
    case 'waits for its result':
      return 0.06
    default:
      return 0.012
  }
}

/** It goes on exactly where it stood still. */
function sleepOn(world: World, member: Member): void {
  if (world.nowMs < member.sleepsUntilMs) return
  member.sleepsUntilMs = 0
  wake(world, member)
  work(world, member)
}

function wake(world: World, member: Member): void {
  member.isPaused = false
  world.say(() => `${nameOf(member)} wakes`)
  deafen(world, member)
}

/** Whoever comes back does not hear everything at once. */
function deafen(world: World, member: Member): void {
  if (!strikes(world, 'deaf', 0.5)) return
  member.deafUntilMs = world.nowMs + world.random.below(2 * world.leaseMs)
  world.say(() => `${nameOf(member)} hears of no claim until ${member.deafUntilMs}`)
}

function startAgain(world: World, member: Member): void {
  if (member.boots > 0 && strikes(world, 'lostDisk', 0.3)) loseDisk(world, member)
  else if (member.boots > 0 && strikes(world, 'oldDisk', 0.3)) restoreDisk(world, member)
  start(world, member)
}

function toggleCut(world: World, member: Member): void {
  member.isCut = !member.isCut
  world.say(() => `${nameOf(member)} is ${member.isCut ? 'cut off' : 'connected again'}`)
  const { life } = member
  if (!life) return
  for (const lane of [life.beatLane, life.outboxLane]) {
    if (member.isCut) lane.stalledUntilMs = Number.POSITIVE_INFINITY
    else {
      lane.stalledUntilMs = 0
      world.broker.disconnect(lane)
    }
  }
  if (!member.isCut) deafen(world, member)
}

/** One thing that the process does of its own accord. */
function step(world: World, member: Member): void {
  const { random, broker, nowMs } = world
  const { life } = member
  if (!life) return
  if (life.isLeaving && random.flip(0.1)) {
    leave(world, member, life)
    crash(world, member, 'has stopped')
    return
  }
  if (!life.isLeaving && beat(world, member)) return
  const choice = random.next()
  if (choice < 0.45) {
    if (!member.isCut && !broker.isFrozen(nowMs)) read(world, member)
  } else if (choice < 0.65) send(world, member)
  else if (choice < 0.85) transact(world, member, () => undefined)
  else work(world, member)
}

function describe(record: Appended): string {
  const { envelope } = record
  const place = `${record.lane} ${formatPlace(record).split('/').at(-1)}`
  switch (envelope.type) {
    case 'request':
      return `${place}: request for ${envelope.recipient_id ?? 'anybody'} until ${envelope.expires_at}`
    case 'task_status': {
      const { status, attempt, run_id, agent_id, boot, request } = envelope.payload
      const named = request ? `${request.topic}/${request.partition}/${request.offset}` : ''
      return `${place}: ${status} ${attempt ?? ''} ${run_id} ${agent_id ?? ''} ${boot ?? ''} ${named}`
    }
    case 'response':
      return `${place}: ${envelope.payload.status} by ${envelope.sender_id}`
    case 'trace': {
      const { phase, run_id, attempt, step, redo, name, output } = envelope.payload
      return `${place}: ${phase} ${attempt} ${run_id} step ${step}/${redo} ${name ?? ''} ${output ?? ''}`
    }
    case 'approval':
      return `${place}: ${envelope.payload.approval_id} ${envelope.payload.status} ${envelope.payload.happened ?? ''}`
    case 'announce':
      return `${place}: beat ${envelope.id} of ${envelope.payload.boot_id}, boot ${envelope.payload.boot}`
  }
}
