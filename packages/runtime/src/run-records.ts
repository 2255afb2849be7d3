import {
  AppError,
  ERRORS,
  formatTimestamp,
  type NewResponsePayload,
  type NewTracePayload,
  type RequestEnvelope,
  traceBelow,
} from '@kafclaw/envelope'
import type { ReleaseReason } from '@kafclaw/tasks'
import type { ActiveRun } from './active-run.ts'
import type { BlobChunk, BlobPlace } from './journal/blob-store.ts'
import type { StepRecord } from './journal/step-record.ts'
import type { ChildRequest, RunOutcome } from './run.ts'
import type { RunsOptions } from './runs.ts'

type WireError = NonNullable<NewResponsePayload['error']>

/** What the records of a run say of it. */
type JournalRun = Pick<ActiveRun, 'taskId' | 'runId' | 'attempt' | 'claim' | 'request'>

/** The records that a run writes. All inside a transaction. */
export interface RunRecords {
  /** Fences the runs before this one. */
  started(run: JournalRun, id: string): void
  step(run: JournalRun, record: StepRecord, causationId: string): void
  /** A part of an output, before the record of its step. */
  chunk(run: JournalRun, step: BlobPlace, chunk: BlobChunk): void
  ask(run: ActiveRun, child: ChildRequest): void
  /** `step` says that this attempt has finished a step that none before it had. */
  progress(run: JournalRun, text: string, step?: number | null): void
  release(run: ActiveRun, reason: ReleaseReason): void
  respond(run: ActiveRun, request: RequestEnvelope, outcome: RunOutcome): void
  toWireError(error: AppError): WireError
}

export function createRunRecords(
  options: Pick<RunsOptions, 'env' | 'sender' | 'agentId' | 'boot' | 'skillTopic'>,
): RunRecords {
  const { sender, agentId } = options

  function status(
    run: JournalRun,
    fields: { status: 'progress' | 'released'; text?: string; step?: number | null; reason?: ReleaseReason },
  ): void {
    sender.send({
      type: 'task_status',
      correlation_id: run.taskId,
      causation_id: run.claim.recordId,
      trace: traceBelow(run.request),
      payload: { ...fields, attempt: run.attempt, run_id: run.runId, agent_id: agentId, boot: options.boot() },
    })
  }

  function trace(
    run: JournalRun,
    { id, causationId, payload }: { id: string; causationId: string; payload: NewTracePayload },
  ): void {
    sender.send(
      {
        type: 'trace',
        correlation_id: run.taskId,
        causation_id: causationId,
        trace: traceBelow(run.request),
        payload,
      },
      { id },
    )
  }

  function ofRun(run: JournalRun) {
    return { run_id: run.runId, attempt: run.attempt, agent_id: agentId }
  }

  function response(run: ActiveRun, request: RequestEnvelope, outcome: RunOutcome): void {
    const { status: state, ...rest } = outcome
    sender.send({
      type: 'response',
      recipient_id: request.sender_id,
      correlation_id: run.taskId,
      causation_id: request.id,
      trace: traceBelow(request),
      labels: request.labels,
      payload: { ...rest, status: state, run_id: run.runId, agent_id: agentId },
    })
  }

  function toWireError(error: AppError): WireError {
    return { code: error.code, message: error.message.slice(0, 2000), retryable: ERRORS[error.code].retryable }
  }

  return {
    started(run, id) {
      trace(run, { id, causationId: run.claim.recordId, payload: { ...ofRun(run), phase: 'started' } })
    },
    step: (run, record, causationId) =>
      trace(run, { id: record.recordId, causationId, payload: stepPayload(run, record, agentId) }),
    chunk(run, { step, redo, kind }, { index, count, bytes }) {
      if (step === null || kind === null) throw new AppError('KC_BUG', 'A step has a number and a kind.')
      const place = { ...ofRun(run), phase: 'chunk', step, redo, kind } as const
      const payload = { ...place, chunk: { index, count }, output: bytes.toString('base64') }
      trace(run, { id: options.env.newId(), causationId: run.claim.recordId, payload })
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
          trace: traceBelow(run.request),
          labels: run.request.labels,
          payload: { ...child.payload, parent_task_id: run.taskId, depth: run.request.payload.depth + 1 },
        },
        skill === undefined ? {} : { skill },
      )
    },
    progress: (run, text, step = null) => status(run, { status: 'progress', text, step }),
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

function stepPayload(run: JournalRun, record: StepRecord, agentId: string): NewTracePayload {
  const { phase, step, kind } = record
  if (step === null || kind === null || phase === 'started')
    throw new AppError('KC_BUG', 'A step has a number and a kind.')
  return {
    run_id: run.runId,
    attempt: run.attempt,
    agent_id: agentId,
    phase,
    step,
    kind,
    redo: record.redo,
    name: record.name,
    input_hash: record.inputHash,
    output: record.output,
    output_ref: record.outputRef,
    status: record.status,
    usage: record.usage,
    citations: record.citations,
    idempotency_key: record.idempotencyKey,
    started_at: timeOrNull(record.startedMs),
    ended_at: timeOrNull(record.endedMs),
  }
}

function timeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : formatTimestamp(timeMs)
}
