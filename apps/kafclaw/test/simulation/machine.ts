import type { SimulatedProcess } from '@kafclaw/env/testing'
import { AppError } from '@kafclaw/envelope'
import type { Host, MemberEnd, Service } from '@kafclaw/runtime'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { createNetwork, type Network } from './network.ts'
import { Crashed, createSimulatedFiles, type DiskGate, isCrash, type SimulatedFiles } from './simulated-disk.ts'
import { DATA, SETTINGS } from './stage.ts'
import type { Reached, World } from './world.ts'

/** What a machine runs when it is switched on. */
export interface Program {
  /** Of its machine; no two have the same. */
  readonly name: string
  /** The id under which it takes part; twins have the same. */
  readonly id: string
  /** Switched on in the middle of things, if at all. */
  readonly isLate?: true
  start(host: Host): Pick<Service, 'ended' | 'stop'>
}

/** A machine with one program on it: its process dies and is started again, its files stay. */
export interface Machine {
  readonly name: string
  readonly id: string
  /** Nobody has switched it on so far. */
  isUnused(): boolean
  readonly files: SimulatedFiles
  readonly network: Network
  /** Of the process that runs now; null between two. */
  process(): SimulatedProcess | null
  /** Nothing while it runs, or after it was replaced. */
  start(): void
  /** A newer boot has taken its place: it stays off. */
  isReplaced(): boolean
  /** Kill -9: nothing of it runs or is written any more. */
  crash(why: Extract<Reached, `died ${string}`>): void
  /** It dies at one of its next calls to disk or log. */
  crashAfter(calls: number): void
  /** How many calls it has made in all its lives. */
  calls(): number
  /** Stops in order; off when that is done. */
  stop(): Promise<void>
  fillDisk(untilMs: number): void
  /** Its wall clock is off by so much, also after a restart. */
  setClock(aheadMs: number): void
  /** Nothing is wrong with it any more, and it runs, if it was ever switched on. */
  heal(): void
}

export function createMachine(world: World, program: Program): Machine {
  const { simulation } = world
  const { name } = program
  const random = world.random.fork(name)
  const files = createSimulatedFiles()
  const network = createNetwork({ world, random: random.fork('network') })
  let process: SimulatedProcess | null = null
  let service: ReturnType<Program['start']> | null = null
  let boots = 0
  let calls = 0
  let callsLeft = Number.POSITIVE_INFINITY
  let fullUntilMs = 0
  let clockAheadMs = 0
  let isReplaced = false

  function end(why: string): void {
    if (!process) return
    world.say(() => `${name} ${why}`)
    process.end()
    process = null
    service = null
    callsLeft = Number.POSITIVE_INFINITY
  }

  function crash(why: Extract<Reached, `died ${string}`>): void {
    if (process) world.reach(why)
    end(why)
  }

  /** Whether the call still leaves the process; it may be the one at which it dies. */
  function mayCall(mine: SimulatedProcess, what: string): boolean {
    if (!mine.isAlive()) return false
    calls++
    if (--callsLeft > 0) return true
    world.say(() => `${name} comes to ${what}`)
    crash('died at a call')
    return false
  }

  function createHost(mine: SimulatedProcess): Host {
    const gate: DiskGate = {
      isAlive: mine.isAlive,
      enter(what) {
        if (!mayCall(mine, what)) throw new Crashed()
        const isChange = what === 'begin' || what === 'commit' || what === 'run' || what === 'exec'
        if (!isChange || fullUntilMs < simulation.elapsedMs() || random.flip(0.3)) return
        world.reach('disk full')
        throw new AppError('KC_STORAGE_FULL', `No space is left on the disk of ${name}.`)
      },
    }
    const { env } = mine
    const logger = createLogger({
      service: name,
      level: world.isTraced ? 'info' : 'warn',
      destination: { write: (line) => mine.isAlive() && world.logged(name, line) },
    })
    const log = world.broker.connect({ ...network, env, mayCall: (what) => mayCall(mine, what) })
    return {
      env,
      logger,
      metrics: noMetrics(),
      log,
      disk: files.mount(gate),
      settings: SETTINGS,
      data: DATA,
      [Symbol.asyncDispose]: () => log.close(),
    }
  }

  function start(): void {
    if (process || isReplaced) return
    const mine = simulation.process(`${name}#${++boots}`)
    process = mine
    mine.moveClock(clockAheadMs)
    world.say(() => `${name} starts, boot ${boots}`)
    try {
      const started = program.start(createHost(mine))
      if (process !== mine) return
      service = started
      started.ended.then(
        (end) => ended(mine, end),
        (error: unknown) => failed(mine, error),
      )
    } catch (error) {
      failed(mine, error)
    }
  }

  function ended(mine: SimulatedProcess, state: MemberEnd): void {
    if (process !== mine) return
    if (state.reason === 'replaced') {
      isReplaced = true
      world.reach('replaced')
      if (!world.faults.twin) world.breach('a service died', `${name} was replaced by boot ${state.boot}`)
    }
    if (state.reason === 'failed') failed(mine, state.error)
    else end(`has ended: ${state.reason}`)
  }

  /** A process that cannot go on exits, and is started again like one that was killed. */
  function failed(mine: SimulatedProcess, error: unknown): void {
    if (isCrash(error) || process !== mine) return
    const isFull = error instanceof AppError && error.code === 'KC_STORAGE_FULL'
    if (!isFull) world.breach('a service died', `${name}: ${error instanceof Error ? error.stack : error}`)
    end(`has failed: ${error}`)
  }

  return {
    name,
    id: program.id,
    isUnused: () => boots === 0,
    isReplaced: () => isReplaced,
    files,
    network,
    process: () => process,
    calls: () => calls,
    start,
    crash,
    crashAfter(calls) {
      if (process) callsLeft = calls
    },
    async stop() {
      const mine = process
      if (!mine || !service) return
      world.say(() => `${name} is told to stop`)
      await service.stop()
      if (process === mine) end('has stopped')
      world.reach('stopped in order')
    },
    setClock(aheadMs) {
      process?.moveClock(aheadMs - clockAheadMs)
      clockAheadMs = aheadMs
    },
    fillDisk(untilMs) {
      fullUntilMs = untilMs
    },
    heal() {
      network.heal()
      callsLeft = Number.POSITIVE_INFINITY
      fullUntilMs = 0
      process?.resume()
      if (boots > 0) start()
    },
  }
}
