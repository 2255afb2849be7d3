import type {
  Citation,
  NewCitation,
  NewRequestPayload,
  NewResponsePayload,
  RequestEnvelope,
  ResponseEnvelope,
  Usage,
} from '@kafclaw/envelope'
import type { OutcomeStatus } from '@kafclaw/tasks'
import type { StepRecord } from './journal/step-record.ts'

/** A task that a run asks somebody else to do. */
export interface ChildRequest {
  /** Derived from the parent's task id and step: asking twice is asking once. */
  taskId: string
  recipientId: string | null
  payload: NewRequestPayload
  /** Id of the record that makes us ask. */
  causationId: string
}

/** What a handler gives back; it becomes the terminal response of the task. */
export type RunOutcome = { status: OutcomeStatus } & Pick<
  NewResponsePayload,
  'content' | 'output' | 'error' | 'citations' | 'usage'
>

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

/** `in_doubt`: whether the effect happened is not known. */
export type StepOutcome = StepOutput | { status: 'in_doubt' }

/** The result of a step, from this call or from the journal. */
export interface StepResult {
  status: 'completed' | 'failed'
  output: unknown
  name: string
  usage: Usage | null
  citations: Citation[]
}

/** A claimed attempt at a task, as its handler sees it. */
export interface Run {
  readonly taskId: string
  readonly runId: string
  readonly attempt: number
  readonly request: RequestEnvelope
  /** Aborted when the run has to stop at once: outcome by another, lost claim, deadline, end of the grace time. */
  readonly signal: AbortSignal
  /** Throws KC_RUN_STOPPED when the run has to end here: call it between steps. */
  checkpoint(): void
  /** Resolves when the lease allows to act on the world and the claim still holds; throws KC_RUN_STOPPED otherwise. */
  untilMayAct(): Promise<void>
  /**
   * Does the next step of the run and writes it to the journal; a step that the journal has finished gives what it gave then,
   * and nothing is called. Steps are numbered by the order of the calls, so a handler must come to the same order each time.
   */
  perform(spec: StepSpec, execute: (call: StepCall) => Promise<StepOutcome>): Promise<StepResult>
  /** Asks and waits; the slot is given back meanwhile. */
  ask(child: ChildRequest): Promise<ResponseEnvelope>
  /** A line for whoever watches; not part of the outcome. */
  progress(text: string): void
}

export type RunHandler = (run: Run) => Promise<RunOutcome>
