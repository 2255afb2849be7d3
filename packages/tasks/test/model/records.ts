import {
  type AnnounceEnvelope,
  type ApprovalEnvelope,
  createEnvelope,
  type RecordPlace,
  type RequestEnvelope,
  type ResponseEnvelope,
  type TaskStatusEnvelope,
  type TraceEnvelope,
} from '@kafclaw/envelope'
import { homePartition, type OutcomeStatus, type ReleaseReason } from '../../src/index.ts'
import type { Step } from './plan.ts'

/** The one task that a schedule is about. */
export const TASK = 'task_model'
export const PARTITIONS = 6
/** The clock of the log begins here, so that moments of a schedule are small numbers and still dates. */
const EPOCH_MS = Date.UTC(2026, 0, 1)

/** Lanes that every process reads. */
export const READ_LANES = [
  'announce',
  'requests',
  'skill',
  'status',
  'statusAway',
  'responses',
  'responsesAway',
] as const
export type ReadLane = (typeof READ_LANES)[number]
/** All lanes; `traces` and `approvals` are read only by the runs that need them. */
export const LANES = [...READ_LANES, 'traces', 'approvals'] as const
export type Lane = (typeof LANES)[number]
/** Lanes that are read on from a stored position; `announce` is read from its beginning at each start. */
export type TaskLane = Exclude<ReadLane, 'announce'>
export const TASK_LANES = READ_LANES.filter((lane): lane is TaskLane => lane !== 'announce')

const HOME = homePartition(TASK, PARTITIONS)
const AWAY = (HOME + 1) % PARTITIONS
const GROUP = 'group.model'

/** Partition and topic of each lane: a task lane is one partition of one topic. */
export const PARTITION_OF: Readonly<Record<Lane, Omit<RecordPlace, 'offset'>>> = {
  announce: { topic: `${GROUP}.announce`, partition: 0 },
  requests: { topic: `${GROUP}.requests`, partition: HOME },
  skill: { topic: `${GROUP}.skill.chat.requests`, partition: AWAY },
  status: { topic: `${GROUP}.tasks.status`, partition: HOME },
  statusAway: { topic: `${GROUP}.tasks.status`, partition: AWAY },
  responses: { topic: `${GROUP}.responses`, partition: HOME },
  responsesAway: { topic: `${GROUP}.responses`, partition: AWAY },
  traces: { topic: `${GROUP}.traces`, partition: HOME },
  approvals: { topic: `${GROUP}.control.approvals`, partition: 0 },
}

export type ModelEnvelope =
  | RequestEnvelope
  | TaskStatusEnvelope
  | ResponseEnvelope
  | AnnounceEnvelope
  | TraceEnvelope
  | ApprovalEnvelope

const scope = { group: 'model', zone: 'public', sender_id: 'model' }
const stamp = { id: '0198f3c2-0000-7000-8000-000000000000', nowMs: EPOCH_MS }
const place = { topic: PARTITION_OF.requests.topic, partition: HOME, offset: 0 }

// One of each kind is made in full; the records of a schedule are copies that differ in what the rules look at.
const REQUEST = createEnvelope({ ...scope, type: 'request', correlation_id: TASK, payload: { content: 'x' } }, stamp)
const CLAIM = createEnvelope(
  {
    ...scope,
    type: 'task_status',
    correlation_id: TASK,
    payload: { status: 'claimed', attempt: 1, run_id: 'run', agent_id: 'a', boot: 1, request: place },
  },
  stamp,
)
const RELEASE = createEnvelope(
  { ...scope, type: 'task_status', correlation_id: TASK, payload: { status: 'released', run_id: 'run' } },
  stamp,
)
const PROGRESS = createEnvelope(
  { ...scope, type: 'task_status', correlation_id: TASK, payload: { status: 'progress', run_id: 'run' } },
  stamp,
)
const RESPONSE = createEnvelope({ ...scope, type: 'response', correlation_id: TASK, payload: {} }, stamp)
const BEAT = createEnvelope(
  {
    ...scope,
    type: 'announce',
    payload: { agent_id: 'a', boot_id: 'boot', boot: 1, skills: [{ name: 'chat' }], capacity: 1, free: 1 },
  },
  stamp,
)

const TRACE = createEnvelope(
  { ...scope, type: 'trace', correlation_id: TASK, payload: { run_id: 'run', attempt: 1, phase: 'started' } },
  stamp,
)
const STEP = createEnvelope(
  {
    ...scope,
    type: 'trace',
    correlation_id: TASK,
    payload: { run_id: 'run', attempt: 1, phase: 'result', step: 0, kind: 'model' },
  },
  stamp,
)
const APPROVAL = createEnvelope(
  {
    ...scope,
    type: 'approval',
    correlation_id: TASK,
    payload: { approval_id: 'approval', status: 'denied' },
  },
  stamp,
)

export function requestRecord(
  id: string,
  fields: { content: string; recipientId: string | null; expiresMs: number },
): RequestEnvelope {
  return {
    ...REQUEST,
    id,
    recipient_id: fields.recipientId,
    expires_at: new Date(EPOCH_MS + fields.expiresMs).toISOString(),
    payload: { ...REQUEST.payload, content: fields.content },
  }
}

export interface ClaimFields {
  attempt: number
  runId: string
  agentId: string
  boot: number
  request: RecordPlace
  journalFrom: number | null
  fruitless: number
}

export function claimRecord(id: string, fields: ClaimFields): TaskStatusEnvelope {
  const { attempt, runId, agentId, boot, request, journalFrom, fruitless } = fields
  const payload = { ...CLAIM.payload, status: 'claimed' as const, attempt, run_id: runId, agent_id: agentId, boot }
  return { ...CLAIM, id, sender_id: agentId, payload: { ...payload, request, journal_from: journalFrom, fruitless } }
}

export function assignRecord(id: string, attempt: number, agentId: string): TaskStatusEnvelope {
  return { ...CLAIM, id, payload: { ...CLAIM.payload, status: 'assigned', attempt, agent_id: agentId } }
}

export function releaseRecord(id: string, runId: string, reason: ReleaseReason): TaskStatusEnvelope {
  return { ...RELEASE, id, payload: { ...RELEASE.payload, status: 'released', run_id: runId, reason } }
}

/** A step that no attempt before had finished. */
export function progressRecord(id: string, runId: string, step: number): TaskStatusEnvelope {
  return { ...PROGRESS, id, payload: { ...PROGRESS.payload, status: 'progress', run_id: runId, step } }
}

/** `outputs`: what the steps gave that the answer is made of. */
export function responseRecord(
  id: string,
  fields: { status: OutcomeStatus; by: string; runId: string | null; outputs?: readonly string[] },
): ResponseEnvelope {
  const { status, by, runId, outputs = [] } = fields
  return { ...RESPONSE, id, sender_id: by, payload: { ...RESPONSE.payload, status, run_id: runId, output: outputs } }
}

export function startedRecord(id: string, run: { runId: string; attempt: number }): TraceEnvelope {
  return { ...TRACE, id, payload: { ...TRACE.payload, phase: 'started', run_id: run.runId, attempt: run.attempt } }
}

export function stepRecord(
  id: string,
  run: { runId: string; attempt: number },
  fields: { phase: 'intent' | 'result'; step: Step; redo: number; output: string | null },
): TraceEnvelope {
  const { phase, redo, output } = fields
  const { number: step, name, kind, inputHash } = fields.step
  const payload = { ...STEP.payload, phase, step, redo, kind, name, input_hash: inputHash, output }
  return { ...STEP, id, payload: { ...payload, run_id: run.runId, attempt: run.attempt } }
}

export function questionRecord(
  id: string,
  fields: { approvalId: string; runId: string; step: number; redo: number; key: string },
): ApprovalEnvelope {
  const { approvalId, runId, step, redo, key } = fields
  const asked = { status: 'asked', subject: 'settle', question: 'Did it happen?', tool: 'pay' } as const
  const about = { approval_id: approvalId, run_id: runId, step, redo, idempotency_key: key }
  return { ...APPROVAL, id, payload: { ...APPROVAL.payload, ...asked, ...about } }
}

export type Decision = { kind: 'happened'; output: string } | { kind: 'never' } | { kind: 'denied' }

export function decisionRecord(id: string, approvalId: string, decision: Decision): ApprovalEnvelope {
  const payload = { ...APPROVAL.payload, approval_id: approvalId }
  if (decision.kind === 'denied') return { ...APPROVAL, id, payload: { ...payload, status: 'denied' } }
  const happened = decision.kind === 'happened'
  const output = happened ? decision.output : null
  return { ...APPROVAL, id, payload: { ...payload, status: 'granted', happened, output } }
}

export function beatRecord(
  id: string,
  fields: { agentId: string; bootId: string; boot: number; free: number; leaving: boolean },
): AnnounceEnvelope {
  const { agentId, bootId, boot, free, leaving } = fields
  const status = leaving ? ('leaving' as const) : ('live' as const)
  return { ...BEAT, id, payload: { ...BEAT.payload, agent_id: agentId, boot_id: bootId, boot, free, status } }
}

/** A moment of the schedule as the append time of a record. */
export function timestampOf(nowMs: number): number {
  return EPOCH_MS + nowMs
}
