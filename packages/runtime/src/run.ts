import type { NewRequestPayload, NewResponsePayload, RequestEnvelope, ResponseEnvelope } from '@kafclaw/envelope'
import type { OutcomeStatus } from '@kafclaw/tasks'
import type { StepCall, StepOutcome, StepResult, StepSpec } from './step.ts'

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
   * Where `execute` throws, a step of effect `once` is in doubt and is settled; any other is tried again when the error is one
   * that passes, and else throws it.
   */
  perform(spec: StepSpec, execute: (call: StepCall) => Promise<StepOutcome>): Promise<StepResult>
  /** Asks and waits; the slot is given back meanwhile. */
  ask(child: ChildRequest): Promise<ResponseEnvelope>
  /** A line for whoever watches; not part of the outcome. */
  progress(text: string): void
}

export type RunHandler = (run: Run) => Promise<RunOutcome>
