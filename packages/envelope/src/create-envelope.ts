import { payloadPlan } from './contract.ts'
import { taskIdOfRequest } from './derived-id.ts'
import { type EnvelopeOf, type NewEnvelope, SCHEMA_VERSION, type TraceContext } from './envelope.ts'
import { addUnplanned, fill } from './field-plan.ts'
import { DEFAULT_LIFE_MS } from './life.ts'
import type { EnvelopeType } from './payloads/payload-table.ts'
import { formatTimestamp } from './timestamp.ts'
import { PUBLIC_ZONE } from './topic-name.ts'
import { TOPICS } from './topics.ts'
import { deriveTraceId, spanIdOf } from './trace-context.ts'

/** Types that lie on topics of the whole group: those have the zone `public`, and so have the records on them. */
const OF_THE_GROUP: ReadonlySet<string> = new Set(
  Object.values(TOPICS).flatMap(({ scope, types }) => (scope === 'group' ? types : [])),
)

/**
 * A complete envelope from what its writer has to say. A request without a task id gets `task_` and its id, and 24 h to live;
 * a trace id that is not given comes from the task; what the payload leaves out is filled in as readers would.
 * Nothing is checked here: `encode` does.
 */
export function createEnvelope<T extends EnvelopeType>(
  fields: NewEnvelope<T>,
  { id, nowMs }: { id: string; nowMs: number },
): EnvelopeOf<T> {
  const isRequest = fields.type === 'request'
  const correlationId = fields.correlation_id ?? (isRequest ? taskIdOfRequest(id) : null)
  const expiresAt = fields.expires_at ?? (isRequest ? formatTimestamp(nowMs + DEFAULT_LIFE_MS) : null)
  const plan = payloadPlan(fields.type)
  // Read member by member, whatever the type.
  const given = fields.payload as Readonly<Record<string, unknown>>
  // What the plan does not know stays, so that `encode` can refuse it instead of losing it without a word.
  const payload = addUnplanned(plan, given, fill(plan, given, { unknownValue: null }))
  if (fields.type === 'memory') payload.zone = fields.zone
  const envelope = {
    schema_version: SCHEMA_VERSION,
    type: fields.type,
    id,
    group: fields.group,
    zone: OF_THE_GROUP.has(fields.type) ? PUBLIC_ZONE : fields.zone,
    sender_id: fields.sender_id,
    recipient_id: fields.recipient_id ?? null,
    correlation_id: correlationId,
    causation_id: fields.causation_id ?? null,
    timestamp: formatTimestamp(nowMs),
    expires_at: expiresAt,
    trace: {
      trace_id: fields.trace?.trace_id ?? deriveTraceId(id, correlationId),
      span_id: spanIdOf(id),
      parent_span_id: fields.trace?.parent_span_id ?? null,
    },
    labels: fields.labels ?? { integrity: 'untrusted', confidentiality: 'internal' },
    payload,
  }
  // The shape follows from NewEnvelope<T> and the plan of its payload; the compiler cannot see through the plan.
  return envelope as unknown as EnvelopeOf<T>
}

/** The `trace` of a record that another one has led to: the same trace, below its span. */
export function traceBelow({ trace }: { trace: TraceContext }): NonNullable<NewEnvelope['trace']> {
  return { trace_id: trace.trace_id, parent_span_id: trace.span_id }
}
