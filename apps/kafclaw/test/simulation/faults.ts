import type { Random } from '@kafclaw/env/testing'

/** What may go wrong in a run of the simulation, and how likely a run has it. */
const LIKELY = {
  /** Processes die before or after any call to disk or log. */
  crash: 0.6,
  /** Processes stand still. */
  pause: 0.3,
  /** Agents stand still until others have taken their tasks over, and hear of it late. */
  zombie: 0.25,
  /** Batches whose acknowledgement is lost, that never arrive, that arrive twice, or long after they were given up. */
  lostAck: 0.5,
  /** One process reads from one leader far behind the others. */
  slowLeader: 0.3,
  /** The broker takes nothing and answers nothing for a while. */
  frozenBroker: 0.25,
  /** What one process sends is lost for a while, and nothing reaches it. */
  cut: 0.3,
  diskFull: 0.25,
  /** The wall clock of one process is set forward or back. */
  clockJump: 0.25,
  /** All files of one process are gone. */
  lostDisk: 0.15,
  /** The files of one agent are put back as they were a while ago. */
  oldDisk: 0.15,
  /** The log is compacted while it is read. */
  compaction: 0.2,
  /** Processes are stopped in order and started again. */
  stop: 0.3,
  /** Tasks are asked for again, also after they have ended. */
  askedAgain: 0.5,
  /** Records that nobody can read. */
  poison: 0.3,
  cancel: 0.2,
  /** The deadline of a task passes while it is worked on. */
  shortLife: 0.2,
  /** Answers of programs that do not claim, in partitions where they do not count. */
  foreign: 0.2,
  /** Models and tools fail now and then, and a model that is asked again says something else. */
  fickle: 0.5,
  /** A second process with the id of an agent, on a machine of its own. */
  twin: 0.15,
  /** An orchestrator advises. */
  orchestrator: 0.4,
  /** Agents have an indexer for their memory. */
  indexer: 0.4,
  auditSink: 0.4,
} as const

export type Fault = keyof typeof LIKELY
export type Faults = Readonly<Record<Fault, boolean>>

export const FAULTS = Object.keys(LIKELY) as readonly Fault[]

export function justThese(faults: readonly Fault[]): Faults {
  return Object.fromEntries(FAULTS.map((fault) => [fault, faults.includes(fault)])) as Faults
}

export function drawFaults(random: Random): Faults {
  const drawn = Object.entries(LIKELY).map(([fault, likely]) => [fault, random.flip(likely)])
  return Object.fromEntries(drawn)
}
