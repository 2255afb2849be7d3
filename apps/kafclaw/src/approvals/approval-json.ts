import { formatTimestamp } from '@kafclaw/envelope'
import { type Approval, type ApprovalRecord, statusOf } from './read-approvals.ts'

/** An approval as programs get it. */
export function approvalJson(approval: Approval, nowMs: number) {
  const { approvalId, taskId, asked, decision, later } = approval
  const question = asked?.envelope.payload
  return {
    approval_id: approvalId,
    task_id: taskId,
    status: statusOf(approval, nowMs),
    subject: question?.subject ?? null,
    question: question?.question ?? null,
    tool: question?.tool ?? null,
    arguments: question?.arguments ?? null,
    idempotency_key: question?.idempotency_key ?? null,
    agent_id: question?.agent_id ?? null,
    run_id: question?.run_id ?? null,
    attempt: question?.attempt ?? null,
    step: question?.step ?? null,
    redo: question?.redo ?? null,
    expires_at: asked?.envelope.expires_at ?? null,
    asked: asked && placeJson(asked),
    decision: decision && decisionJson(decision),
    later: later.map(decisionJson),
  }
}

export function decisionJson(record: ApprovalRecord) {
  const { sender_id, payload } = record.envelope
  return {
    status: payload.status,
    happened: payload.happened,
    output: payload.output,
    reason: payload.reason,
    by: sender_id,
    ...placeJson(record),
  }
}

function placeJson({ topic, partition, offset, timestampMs }: ApprovalRecord) {
  return { at: formatTimestamp(timestampMs), topic, partition, offset }
}
