import type { AgentOptions } from '@kafclaw/agent-worker'
import {
  createRandom,
  createSimulation,
  type Random,
  type SimulatedProcess,
  type Simulation,
} from '@kafclaw/env/testing'
import { createSimulatedBroker, type SimulatedBroker } from '@kafclaw/kafka/testing'
import { drawFaults, type Fault, type Faults, justThese } from './faults.ts'
import { createLogBook, type LogBook } from './log-book.ts'
import type { Script } from './script.ts'
import { LEADERS } from './stage.ts'
import { createTarget, type Target } from './target.ts'
import { toTraceLine } from './trace-line.ts'

/** A promise that a run of the simulation has broken. */
export type Breach =
  | 'no outcome'
  | 'no rest'
  | 'expired early'
  | 'failed without need'
  | 'asked twice'
  | 'effect twice'
  | 'effect denied'
  | 'answer without effect'
  | 'a finished step was done again'
  | 'readers disagree'
  | 'a service died'
  | 'a bug was reported'
  | 'unexpected dead letter'
  | 'missing dead letter'
  | 'audit differs'
  | 'a fact was lost'
  | 'memory differs'
  | 'timeline differs'
  | 'sent out of order'
  | 'the client was told otherwise'

type JournalRules = NonNullable<AgentOptions['journalRules']>

/** What runs come to now and then: together they must come to all of it, or they do not try what they claim to try. */
export const REACHED = [
  'died at a call',
  'died by kill -9',
  'died with its disk',
  'old disk put back',
  'stopped in order',
  'replaced',
  'stood still',
  'broker stood still',
  'cut off',
  'disk full',
  'clock moved',
  'batch lost',
  'batch unanswered',
  'batch twice',
  'batch late',
  'task taken over',
  'task given back',
  'asked again after its end',
  'child task',
  'cancelled',
  'expired',
  'answered by hand',
  'output in chunks',
  'model failed',
  'dead letter',
  'item remembered',
  'call refused',
  'answer of a call lost',
  'person decided',
  'person denied',
  'run went on',
] as const
export type Reached = (typeof REACHED)[number]

/** One run of the simulation, as all its parts see it. */
export interface World extends Disposable {
  readonly seed: number
  readonly random: Random
  readonly faults: Faults
  readonly isTraced: boolean
  /** Rules of the journal that are switched off; null: none. */
  readonly journalRules: JournalRules | null
  readonly script: Script | null
  readonly simulation: Simulation
  readonly broker: SimulatedBroker
  readonly brokerProcess: SimulatedProcess
  readonly book: LogBook
  readonly target: Target
  readonly breaches: ReadonlyMap<Breach, string>
  readonly reached: ReadonlyMap<Reached, number>
  readonly trace: readonly string[]
  /** Tasks whose request the log has acknowledged to the client. */
  readonly acknowledged: Set<string>
  /** The outcomes that the client has read: task id to the id of the record. */
  readonly told: ReadonlyMap<string, string>
  /** Names of machines that have lost their files. */
  readonly lostDisks: Set<string>
  say(line: () => string): void
  breach(kind: Breach, why: string): void
  reach(what: Reached): void
  /** A log line of a service, JSON. */
  logged(name: string, line: string): void
  tell(taskId: string, recordId: string): void
}

export interface WorldOptions {
  seed: number
  isTraced?: boolean
  journalRules?: JournalRules
  /** Instead of what the seed draws. */
  script?: Script
  /** These go wrong, and nothing else. */
  only?: readonly Fault[]
}

export function createWorld({ seed, isTraced = false, journalRules, script, only }: WorldOptions): World {
  const random = createRandom(seed)
  const faults = script || only ? justThese(only ?? []) : drawFaults(random.fork('faults'))
  const simulation = createSimulation({ random: random.fork('scheduler') })
  const brokerProcess = simulation.process('broker')
  const book = createLogBook(reach)
  const breaches = new Map<Breach, string>()
  const reached = new Map<Reached, number>()
  const told = new Map<string, string>()
  const trace: string[] = []

  const broker = createSimulatedBroker({
    env: brokerProcess.env,
    leaders: LEADERS,
    onAppend(record) {
      book.append(record, brokerProcess.env.now())
      const line = isTraced ? toTraceLine({ ...record, timestampMs: brokerProcess.env.now() }) : null
      if (line !== null) say(() => line)
    },
  })

  function say(line: () => string): void {
    if (isTraced) trace.push(`${(simulation.elapsedMs() / 1000).toFixed(3)} ${line()}`)
  }

  function reach(what: Reached): void {
    reached.set(what, (reached.get(what) ?? 0) + 1)
  }

  function breach(kind: Breach, why: string): void {
    say(() => `!! ${kind}: ${why}`)
    if (!breaches.has(kind)) breaches.set(kind, why)
  }

  const world: World = {
    seed,
    random,
    faults,
    isTraced,
    journalRules: journalRules ?? null,
    script: script ?? null,
    simulation,
    broker,
    brokerProcess,
    book,
    breaches,
    reached,
    trace,
    acknowledged: new Set(),
    told,
    lostDisks: new Set(),
    say,
    breach,
    reach,
    logged(name, line) {
      say(() => `${name} says ${line.trim()}`)
      const why = whyBug(line, faults)
      if (why !== null) breach('a bug was reported', `${name}: ${why}`)
    },
    tell(taskId, recordId) {
      const known = told.get(taskId)
      if (known !== undefined && known !== recordId)
        breach('the client was told otherwise', `${taskId}: first ${known}, then ${recordId}`)
      told.set(taskId, recordId)
    },
    [Symbol.dispose]: () => broker[Symbol.dispose](),
    get target() {
      return target
    },
  }
  const target = createTarget(world, random.fork('target'))
  return world
}

/** What a log line says of a bug; null when it says nothing that the faults of the run do not explain. */
function whyBug(line: string, faults: Faults): string | null {
  if (faults.diskFull && line.includes('KC_STORAGE_FULL')) return null
  if (faults.twin && line.includes('a newer boot of')) return null
  const { level, msg, code, err } = JSON.parse(line)
  const isBug = level === 'error' || level === 'fatal' || code === 'KC_RUNTIME_BUG' || err?.code === 'KC_RUNTIME_BUG'
  return isBug ? `${msg} ${err?.stack ?? ''}` : null
}
