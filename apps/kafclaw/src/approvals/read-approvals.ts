import { AppError, type ApprovalEnvelope, decode, type RawRecord, type RecordPlace, topicName } from '@kafclaw/envelope'
import type { Host } from '@kafclaw/runtime'
import { type ApprovalState, foldApproval, newApproval } from '@kafclaw/tasks'
import { readToEnd } from '../group/read-to-end.ts'
import { requireTopics } from '../group/require-topics.ts'

/** A record about an approval, with where and when it was appended. */
export interface ApprovalRecord extends RecordPlace {
  envelope: ApprovalEnvelope
  timestampMs: number
}

/** A question for a person, and what became of it. */
export interface Approval {
  approvalId: string
  taskId: string
  /** Null when its question has left the log. */
  asked: ApprovalRecord | null
  /** The one that counts (R5). */
  decision: ApprovalRecord | null
  /** Decisions that came later and change nothing. */
  later: readonly ApprovalRecord[]
}

export type ApprovalStatus = 'open' | 'granted' | 'denied' | 'expired'

/** `expired`: nobody has decided, and the task is not run any more. */
export function statusOf({ asked, decision }: Approval, nowMs: number): ApprovalStatus {
  const said = decision?.envelope.payload.status
  if (said === 'granted' || said === 'denied') return said
  const expiresAt = asked?.envelope.expires_at ?? null
  return expiresAt !== null && Date.parse(expiresAt) < nowMs ? 'expired' : 'open'
}

/** All approvals of the group in the order in which they were asked. Errors: KC_GROUP_MISSING, KC_KAFKA_UNREACHABLE. */
export async function readApprovals(host: Host): Promise<Approval[]> {
  await requireTopics(host)
  const list = createApprovalList()
  await readToEnd(host.log, [topicName(host.settings, 'control_approvals')], { onRecord: list.fold })
  return list.all()
}

/** Error: KC_NOT_FOUND. */
export async function readApproval(host: Host, approvalId: string): Promise<Approval> {
  const found = (await readApprovals(host)).find((approval) => approval.approvalId === approvalId)
  if (found) return found
  throw new AppError(
    'KC_NOT_FOUND',
    `Nobody has asked for approval "${approvalId}" in group "${host.settings.group}". "kafclaw approvals list" shows what was asked.`,
  )
}

/** Folds the records of `control.approvals` in log order. */
function createApprovalList() {
  const states = new Map<string, ApprovalState>()
  const records = new Map<string, ApprovalRecord[]>()
  return {
    fold(record: RawRecord): void {
      const decoded = decode(record)
      if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'approval') return
      const { envelope } = decoded
      const { approval_id: id } = envelope.payload
      const { topic, partition, offset, timestampMs } = record
      states.set(id, foldApproval(states.get(id) ?? newApproval(id), envelope))
      records.set(id, [...(records.get(id) ?? []), { topic, partition, offset, timestampMs, envelope }])
    },
    all: (): Approval[] => [...states.values()].map((state) => toApproval(state, records.get(state.approvalId) ?? [])),
  }
}

function toApproval({ approvalId, asked, decision }: ApprovalState, records: readonly ApprovalRecord[]): Approval {
  const of = (envelope: ApprovalEnvelope | null): ApprovalRecord | null =>
    records.find((record) => record.envelope === envelope) ?? null
  return {
    approvalId,
    taskId: (asked ?? decision)?.correlation_id ?? '',
    asked: of(asked),
    decision: of(decision),
    later: records.filter(({ envelope }) => envelope.payload.status !== 'asked' && envelope !== decision),
  }
}
