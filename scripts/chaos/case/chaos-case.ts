import type { TrafficFault } from '@kafclaw/testing'

/** What one run of the programme does, as its case file says it (scripts/chaos/README.md has the format). */
export interface ChaosCase {
  name: string
  about: string
  leaseMs: number
  brokers: { count: number; diskMib: number | null }
  crew: readonly Group[]
  work: Work
  load: LoadPlan
  faults: readonly Fault[]
  /** Which tasks the fault has hit, and how many there have to be. */
  hit: { by: HitBy; of: readonly string[]; least: number }
  reach: readonly Limit[]
}

export const ROLES = ['worker', 'agent-worker', 'orchestrator', 'memory-indexer', 'audit-sink'] as const
export type Role = (typeof ROLES)[number]

/** Members of the crew that are alike; their ids are `<name>-<n>`. */
export interface Group {
  role: Role
  name: string
  count: number
  concurrency: number
  /** Of their own steps, where these differ from those of the case. */
  stepMs: number | null
  /** They reach the brokers over a line that can go bad. */
  hasLine: boolean
  disk: { kind: 'tmpfs'; mib: number } | { kind: 'pages' } | null
  /** Their wall clocks are wrong by that much, as `+1h`. */
  clock: string | null
  starts: { afterMs: number } | 'answered'
}

/** What the runs of the step worker do. */
export interface Work {
  steps: number
  stepMs: number
  /** One of the steps has an effect that must not happen twice. */
  once: OnceTool | null
}

export interface OnceTool {
  /** Which step, from 0. */
  at: number
  /** How long a call takes, half of it before the effect. */
  callMs: number
  longestCallMs: number
  /** Whether it can say that a call never happened and never will; else a person has to. */
  settles: boolean
}

export interface LoadPlan {
  tasks: number
  /** Tasks a second. */
  rate: number
  /** A bad record for so many good ones; 0: none. */
  goodForABad: number
  /** Memory items shared along with the tasks. */
  memories: number
  /** From the question on; null: the default of a request. */
  expiresMs: number | null
}

/** `sent`: again and again until all questions have been asked. `answered`: when all have their outcome. */
export type When = { atMs: number } | { fromMs: number; eachMs: number } | 'answered'

interface Inflicted {
  /** Group names, ids of members, `services`, `brokers` or `broker-<n>`. */
  to: readonly string[]
  when: When
  /** Of those that run: all, a random one, or one after the other. */
  pick: 'all' | 'random' | 'in_turn'
}

export type Fault =
  /** kill -9. Null: never started again. */
  | (Inflicted & { do: 'kill'; againAfterMs: number | null })
  /** SIGTERM and the wait for the end. */
  | (Inflicted & { do: 'terminate'; againAfterMs: number | null })
  | (Inflicted & { do: 'freeze'; forMs: number })
  /** A worker stops itself when so many of its calls stand between intent and effect. */
  | (Inflicted & { do: 'freeze_in_call'; calls: number; forMs: number })
  | (Inflicted & { do: 'line'; traffic: TrafficFault | { kind: 'reset' }; forMs: number })
  /** All files of the member are gone. */
  | (Inflicted & { do: 'wipe_disk'; againAfterMs: number })
  | (Inflicted & { do: 'fill_disk'; forMs: number })
  /** A second process under the same id, in a folder of its own. */
  | (Inflicted & { do: 'twin' })
  /** All requests are sent once more. */
  | (Inflicted & { do: 'ask_again' })
  /** A person answers what the workers ask, from then on. */
  | (Inflicted & { do: 'decide' })

export const HIT_BY = [
  /** Tasks with more than one attempt. */
  'attempts',
  /** Tasks without an outcome while a fault lasts. */
  'open',
  /** Tasks that a member had claimed when something was done to it. */
  'held',
  /** Tasks that the members named by `of` ran. */
  'run',
  /** Tasks whose call stood between intent and effect. */
  'in_call',
  /** Requests that were sent again after their outcome. */
  'asked_again',
  /** Bad records. */
  'bad',
] as const
export type HitBy = (typeof HIT_BY)[number]

/** A figure and what it has to be. */
export interface Limit {
  figure: string
  kind: 'is' | 'least' | 'most'
  amount: number
}
