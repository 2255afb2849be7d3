import { decode, formatPlace, type RawRecord, type RecordPlace, topicName } from '@kafclaw/envelope'
import type { Host } from '@kafclaw/runtime'
import { readToEnd } from '../group/read-to-end.ts'
import type { BadRecord } from './read-dead-letters.ts'

export const REDRIVE = 'dlq.redrive'
export const DISCARD = 'dlq.discard'

/** What somebody did about a bad record, as `observe.audit` has it. */
export interface Handling extends RecordPlace {
  action: typeof REDRIVE | typeof DISCARD
  /** Who did it. */
  by: string
  timestampMs: number
  reason: string | null
  /** The task that was asked instead. */
  taskId: string | null
}

/** What was done about each bad record, oldest first, by its subject. */
export type HandledLetters = ReadonlyMap<string, readonly Handling[]>

/** How a bad record is named in the audit: by its place, or by that of its letter where that does not say. */
export function subjectOf(record: BadRecord): string {
  return formatPlace(record.source ?? record)
}

export async function readHandledLetters(host: Host): Promise<HandledLetters> {
  const handled = new Map<string, Handling[]>()
  await readToEnd(host.log, [topicName(host.settings, 'observe_audit')], {
    onRecord: (record) => fold(handled, record),
  })
  return handled
}

function fold(handled: Map<string, Handling[]>, record: RawRecord): void {
  const decoded = decode(record)
  if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'audit') return
  const { payload, sender_id } = decoded.envelope
  const { action, subject, reason, result } = payload
  if (action !== REDRIVE && action !== DISCARD) return
  const { topic, partition, offset, timestampMs } = record
  const handling: Handling = { topic, partition, offset, timestampMs, action, by: sender_id, reason, taskId: result }
  handled.set(subject, [...(handled.get(subject) ?? []), handling])
}
