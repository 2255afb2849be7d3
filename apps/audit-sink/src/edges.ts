import type { RecordPlace, TraceContext } from '@kafclaw/envelope'
import type { TracedRecord } from '@kafclaw/runtime'
import type { Row } from '@kafclaw/storage'

type EdgeKind = Row<'audit', 'edge'>['kind']

/** Why a record exists: what it points to, by id or by place. */
export interface Edge {
  kind: EdgeKind
  /** Record id, task id (`parent_task`) or span id (`span`). */
  to: string | null
  place: RecordPlace | null
}

export function edgesOf(record: TracedRecord, trace: TraceContext | null): Edge[] {
  const byId = (kind: EdgeKind, to: string | null | undefined): Edge[] => (to ? [{ kind, to, place: null }] : [])
  const byPlace = (kind: EdgeKind, place: RecordPlace): Edge => ({ kind, to: null, place })
  const about: EdgeKind = record.type === 'dead_letter' ? 'dead_letter' : 'request'
  return [
    ...byId('causation', record.causation_id),
    ...byId('parent_task', record.parent_task_id),
    ...byId('span', trace?.parent_span_id),
    ...record.citations.map((cited) => byPlace('citation', cited)),
    ...(record.about ? [byPlace(about, record.about)] : []),
  ]
}
