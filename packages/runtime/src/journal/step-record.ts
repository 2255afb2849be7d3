import { type BlobRef, decode, type RawRecord, type TraceEnvelope } from '@kafclaw/envelope'
import { type JournalRecord, journalRecordOf } from '@kafclaw/tasks'
import { type BlobChunk, chunkOf } from './blob-store.ts'

type TracePayload = TraceEnvelope['payload']

/** A record of a journal, as it is folded: from `traces`, or from the rows of this service. */
export interface StepRecord extends JournalRecord {
  kind: TracePayload['kind']
  /** The model, tool or agent. */
  name: string | null
  inputHash: string | null
  /** That of the call; null for steps of effect `none`. */
  idempotencyKey: string | null
  output: unknown
  /** Where a large output is; `output` is null then, until it has been fetched. */
  outputRef: BlobRef | null
  /** Of a `chunk` record: the part of an output. */
  chunk: BlobChunk | null
  status: TracePayload['status']
  usage: TracePayload['usage']
  citations: TracePayload['citations']
  /** When the step began and ended, by the host that ran it, epoch ms; not kept in the rows of a service. */
  startedMs: number | null
  endedMs: number | null
  /** When it was appended, or stored here, epoch ms. */
  atMs: number
}

/** The journal record of a task; null for records of other tasks and for what no reader can accept. */
export function readStepRecord(record: RawRecord, taskId: string): StepRecord | null {
  if (record.key?.toString('utf8') !== taskId) return null
  const decoded = decode(record)
  if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'trace') return null
  // The key deals the partition; what the record is about stands in its body.
  return decoded.envelope.correlation_id === taskId ? stepRecordOf(decoded.envelope, record.timestampMs) : null
}

function stepRecordOf(envelope: TraceEnvelope, atMs: number): StepRecord {
  const { payload } = envelope
  return {
    ...journalRecordOf(envelope),
    kind: payload.kind,
    name: payload.name,
    inputHash: payload.input_hash,
    idempotencyKey: payload.idempotency_key,
    output: payload.phase === 'chunk' ? null : payload.output,
    outputRef: payload.output_ref,
    chunk: payload.phase === 'chunk' ? chunkOf(payload) : null,
    status: payload.status,
    usage: payload.usage,
    citations: payload.citations,
    startedMs: payload.started_at === null ? null : Date.parse(payload.started_at),
    endedMs: payload.ended_at === null ? null : Date.parse(payload.ended_at),
    atMs,
  }
}
