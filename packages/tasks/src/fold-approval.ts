import type { ApprovalEnvelope } from '@kafclaw/envelope'

/** What the log says of one approval (docs/wire.md, R5). */
export interface ApprovalState {
  approvalId: string
  /** The first question; null when only a decision has been read. */
  asked: ApprovalEnvelope | null
  /** The decision that counts: the first one in log order. */
  decision: ApprovalEnvelope | null
}

export function newApproval(approvalId: string): ApprovalState {
  return { approvalId, asked: null, decision: null }
}

/** R5: the first decision for an approval_id counts. Give it the records of `control.approvals` in log order. */
export function foldApproval(state: ApprovalState, envelope: ApprovalEnvelope): ApprovalState {
  if (envelope.payload.status === 'asked') return state.asked === null ? { ...state, asked: envelope } : state
  return state.decision === null ? { ...state, decision: envelope } : state
}
