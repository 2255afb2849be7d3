import type {
  NewRequestPayload,
  NewResponsePayload,
  NewTracePayload,
  RequestEnvelope,
  ResponseEnvelope,
} from '@kafclaw/envelope'
import type { OutcomeStatus } from '@kafclaw/tasks'

/** One step as it is written to the journal; run, attempt, agent and redo are filled in. */
export type RunStep = Pick<
  NewTracePayload,
  'name' | 'input_hash' | 'idempotency_key' | 'output' | 'usage' | 'status' | 'started_at' | 'ended_at' | 'citations'
> & { phase: 'intent' | 'result'; step: number; kind: 'model' | 'tool' | 'recall' | 'delegation' }

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

/** A claimed and confirmed attempt at a task, as its handler sees it. */
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
  /** Writes a step to the journal: the id of its record at once, `stored` when it has been committed. */
  step(step: RunStep, causationId?: string): { id: string; stored: Promise<void> }
  /** Asks and waits; the slot is given back meanwhile. */
  ask(child: ChildRequest): Promise<ResponseEnvelope>
  /** A line for whoever watches; not part of the outcome. */
  progress(text: string): void
}

export type RunHandler = (run: Run) => Promise<RunOutcome>
