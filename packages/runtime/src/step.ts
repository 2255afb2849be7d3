import type { Citation, NewCitation, Usage } from '@kafclaw/envelope'
import type { StepRecord } from './journal/step-record.ts'

/** What a step is going to do, as the journal must know it before it is done. */
export interface StepSpec {
  kind: NonNullable<StepRecord['kind']>
  /** The tool, model or agent. */
  name: string
  /** SHA-256 of what goes in, hex: a run that goes on after a crash must come to the same, else it stops with KC_RUN_NON_DETERMINISM. */
  inputHash: string
  /**
   * `none`: nothing outside changes. `idempotent`: twice is once, at any time. `once`: must not happen again unless it is
   * settled that it did not happen; its intent is read back before the call.
   */
  effect: 'none' | 'idempotent' | 'once'
  /** After that time no call can still have an effect, ms; a call of effect `once` that takes longer is in doubt. */
  longestCallMs?: number
  /** What goes in, for people who have to decide what became of a call. */
  input?: unknown
  /** Settles a call whose outcome is not known; without it a person has to. */
  settle?(call: Omit<StepCall, 'causationId'>): Promise<Settlement>
}

/** `never`: it did not happen and never will, because the target refuses that key from now on. `unknown`: only a person can tell. */
export type Settlement = { kind: 'happened'; result: StepOutput } | { kind: 'never' } | { kind: 'unknown' }

/** One call of a step. */
export interface StepCall {
  step: number
  /** How often the step was begun before. */
  redo: number
  attempt: number
  /** `<task id>/<step>/<redo>`: the same for a call and for what settles it, another for the next try. */
  idempotencyKey: string
  /** Id of the record that causes whatever the call sends: its intent, else the claim. */
  causationId: string
  signal: AbortSignal
}

/** What a step gave. */
export interface StepOutput {
  status: 'completed' | 'failed'
  output: unknown
  /** Where it is known only afterwards, such as the model that answered. */
  name?: string
  usage?: Usage
  citations?: readonly NewCitation[]
}

/** `in_doubt`: whether the effect happened is not known; `why` tells it to whoever hears of the step in the end. */
export type StepOutcome = StepOutput | { status: 'in_doubt'; why?: string }

/** The result of a step, from this call or from the journal. */
export interface StepResult {
  status: 'completed' | 'failed'
  output: unknown
  name: string
  usage: Usage | null
  citations: Citation[]
}
