import { AppError, ERRORS, type NewResponsePayload, type RequestEnvelope } from '@kafclaw/envelope'
import type { ReleaseReason } from '@kafclaw/tasks'
import type { ActiveRun } from './active-run.ts'
import type { ChildRequest, RunOutcome, RunStep } from './run.ts'
import type { RunsOptions } from './runs.ts'
import { createStepStore } from './step-store.ts'

type WireError = NonNullable<NewResponsePayload['error']>

/** The records that a run writes. All inside a transaction. */
export interface RunRecords {
  step(run: ActiveRun, step: RunStep, ids: { id: string; causationId: string }): void
  ask(run: ActiveRun, child: ChildRequest): void
  progress(run: ActiveRun, text: string): void
  release(run: ActiveRun, reason: ReleaseReason): void
  respond(run: ActiveRun, request: RequestEnvelope, outcome: RunOutcome): void
  toWireError(error: AppError): WireError
}

export function createRunRecords(
  options: Pick<RunsOptions, 'db' | 'sender' | 'agentId' | 'boot' | 'skillTopic'>,
): RunRecords {
  const { sender, agentId } = options
  const storeStep = createStepStore(options.db)

  function status(
    run: ActiveRun,
    fields: { status: 'progress' | 'released'; text?: string; reason?: ReleaseReason },
  ): void {
    sender.send({
      type: 'task_status',
      correlation_id: run.taskId,
      causation_id: run.claim.recordId,
      trace: { trace_id: run.request.trace.trace_id, parent_span_id: run.request.trace.span_id },
      payload: { ...fields, attempt: run.attempt, run_id: run.runId, agent_id: agentId, boot: options.boot() },
    })
  }

  function response(run: ActiveRun, request: RequestEnvelope, outcome: RunOutcome): void {
    const { status: state, ...rest } = outcome
    sender.send({
      type: 'response',
      recipient_id: request.sender_id,
      correlation_id: run.taskId,
      causation_id: request.id,
      trace: { trace_id: request.trace.trace_id, parent_span_id: request.trace.span_id },
      labels: request.labels,
      payload: { ...rest, status: state, run_id: run.runId, agent_id: agentId },
    })
  }

  function toWireError(error: AppError): WireError {
    return { code: error.code, message: error.message.slice(0, 2000), retryable: ERRORS[error.code].retryable }
  }

  return {
    step(run, step, { id, causationId }) {
      sender.send(
        {
          type: 'trace',
          correlation_id: run.taskId,
          causation_id: causationId,
          trace: { trace_id: run.request.trace.trace_id, parent_span_id: run.request.trace.span_id },
          // A run that begins again writes its steps under the next redo, so that the newest result of a step counts.
          payload: { ...step, run_id: run.runId, attempt: run.attempt, redo: run.attempt - 1, agent_id: agentId },
        },
        { id },
      )
      storeStep(run, step)
    },
    ask(run, child) {
      const skill = child.recipientId === null ? options.skillTopic(child.payload.skill ?? 'chat') : undefined
      sender.send(
        {
          type: 'request',
          recipient_id: child.recipientId,
          correlation_id: child.taskId,
          causation_id: child.causationId,
          // A child is not waited for longer than its parent.
          expires_at: run.request.expires_at,
          trace: { trace_id: run.request.trace.trace_id, parent_span_id: run.request.trace.span_id },
          labels: run.request.labels,
          payload: { ...child.payload, parent_task_id: run.taskId, depth: run.request.payload.depth + 1 },
        },
        skill === undefined ? {} : { skill },
      )
    },
    progress: (run, text) => status(run, { status: 'progress', text }),
    release: (run, reason) => status(run, { status: 'released', reason }),
    respond(run, request, outcome) {
      try {
        response(run, request, outcome)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        // An answer that can never be sent would be lost: a small failure takes its place.
        response(run, request, { status: 'failed', error: toWireError(error) })
      }
    },
    toWireError,
  }
}
