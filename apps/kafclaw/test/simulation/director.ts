import type { Random } from '@kafclaw/env/testing'
import type { Fault } from './faults.ts'
import type { Machine } from './machine.ts'
import { AGENTS, LEADERS, LEASE_MS } from './stage.ts'
import type { World } from './world.ts'

const MINUTE_MS = 60_000
/** How late a zombie hears of what has happened. */
const LATE_MS = 1500
/** Between two looks at which machines are down. */
const WATCH_MS = 500

/** Who lets things go wrong: each fault that was drawn strikes some machines at some times. */
export interface Director {
  /** From then on nothing goes wrong any more. */
  readonly untilMs: number
  begin(): void
  /** Everything comes back. */
  heal(): void
}

type Strike = (machine: Machine) => void

export function createDirector(world: World, options: { random: Random; machines: readonly Machine[] }): Director {
  const { random, machines } = options
  const { simulation, brokerProcess } = world
  const { env } = simulation.process('director')
  const untilMs = world.script?.untilMs ?? random.between(3000, 9000)
  let isHealing = false

  const inAWhile = (ms: number): number => simulation.elapsedMs() + ms

  const strikes: Partial<Record<Fault, { most: number; strike: Strike }>> = {
    crash: {
      most: 6,
      strike(machine) {
        if (random.flip(0.7)) machine.crashAfter(1 + random.below(60))
        else machine.crash('died by kill -9')
      },
    },
    pause: {
      most: 3,
      strike(machine) {
        const process = machine.process()
        if (!process) return
        process.pause()
        world.reach('stood still')
        world.say(() => `${machine.name} stands still`)
        env.setTimer(random.between(50, 7000), () => process.resume())
      },
    },
    zombie: {
      most: 3,
      strike() {
        const machine = random.oneOf(machines.filter(({ id }) => AGENTS.includes(id)))
        const process = machine?.process()
        if (!machine || !process) return
        process.pause()
        for (let leader = 0; leader < LEADERS; leader++) machine.network.slowDown(leader, LATE_MS)
        world.reach('stood still')
        world.say(() => `${machine.name} stands still, and reads late when it goes on`)
        env.setTimer(random.between(LEASE_MS, 2.5 * LEASE_MS), () => process.resume())
        env.setTimer(4 * LEASE_MS, () => {
          for (let leader = 0; leader < LEADERS; leader++) machine.network.slowDown(leader, 0)
        })
      },
    },
    slowLeader: {
      most: 2,
      strike({ network, name }) {
        const leader = random.below(LEADERS)
        network.slowDown(leader, random.between(200, 4000))
        world.say(() => `${name} reads late from leader ${leader}`)
        env.setTimer(random.between(1000, 8000), () => network.slowDown(leader, 0))
      },
    },
    frozenBroker: {
      most: 2,
      strike() {
        brokerProcess.pause()
        world.reach('broker stood still')
        world.say(() => 'the broker stands still')
        env.setTimer(random.between(100, 4000), () => brokerProcess.resume())
      },
    },
    cut: {
      most: 3,
      strike({ network, name }) {
        network.cutUntil(inAWhile(random.between(100, 6000)))
        world.reach('cut off')
        world.say(() => `${name} is cut off`)
      },
    },
    diskFull: {
      most: 3,
      strike(machine) {
        machine.fillDisk(inAWhile(random.between(100, 4000)))
        world.say(() => `the disk of ${machine.name} is full`)
      },
    },
    clockJump: {
      most: 2,
      strike(machine) {
        // What is dated more than an hour after its append time is malformed.
        const aheadMs = random.between(-59, 59) * MINUTE_MS
        machine.setClock(aheadMs)
        world.reach('clock moved')
        world.say(() => `the clock of ${machine.name} is ahead by ${Math.round(aheadMs / MINUTE_MS)} minutes`)
      },
    },
    lostDisk: {
      most: 1,
      strike(machine) {
        machine.crash('died with its disk')
        machine.files.lose()
        world.lostDisks.add(machine.name)
      },
    },
    oldDisk: {
      most: 2,
      strike(machine) {
        // Word indexes and audits are made anew from the log; what an agent keeps is not.
        if (!AGENTS.includes(machine.name)) return
        const putBack = machine.files.backUp()
        env.setTimer(random.between(50, 4000), () => {
          if (isHealing) return
          machine.crash('died by kill -9')
          putBack()
          world.lostDisks.add(machine.name)
          world.reach('old disk put back')
          world.say(() => `${machine.name} has an old disk again`)
        })
      },
    },
    compaction: { most: 4, strike: () => world.broker.keepHouse() },
    twin: { most: 1, strike: () => machines.find((machine) => machine.isUnused())?.start() },
    stop: { most: 2, strike: (machine) => void machine.stop().catch(() => undefined) },
  }

  /** Sometimes at once, sometimes after others have found it absent. */
  function comeBackLater(machine: Machine): void {
    const scriptedMs = world.script?.crash?.backAfterMs
    const drawnMs = random.flip(0.5) ? random.between(0, 300) : random.between(300, 6000)
    env.setTimer(scriptedMs ?? drawnMs, () => machine.start())
  }

  function watch(): void {
    for (const machine of machines) {
      if (machine.process() || machine.isUnused()) continue
      if (isHealing) machine.start()
      else comeBackLater(machine)
    }
    env.setTimer(WATCH_MS, watch)
  }

  function plan({ most, strike }: { most: number; strike: Strike }): void {
    for (let left = 1 + random.below(most); left > 0; left--) {
      const machine = random.oneOf(machines)
      env.setTimer(random.between(0, untilMs), () => {
        if (machine && !isHealing) strike(machine)
      })
    }
  }

  return {
    untilMs,
    begin() {
      for (const [fault, { most, strike }] of Object.entries(strikes)) {
        if (world.faults[fault as Fault]) plan({ most, strike })
      }
      if (world.faults.lostAck) for (const { network } of machines) network.setLoss(random.between(0.01, 0.2))
      const crash = world.script?.crash
      if (crash) machines.find(({ name }) => name === crash.machine)?.crashAfter(crash.call)
      watch()
    },
    heal() {
      isHealing = true
      world.say(() => '-- everything comes back')
      brokerProcess.resume()
      for (const machine of machines) machine.heal()
    },
  }
}
