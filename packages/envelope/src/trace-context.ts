import { sha256 } from './derived-id.ts'
import type { TraceContext } from './envelope.ts'
import { lastHeader, type RecordHeaders } from './record.ts'

const traceparentRegExp = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/

/** The trace of a record that names none: trace_id from the task (else the record), span_id from the record. */
export function deriveTrace(recordId: string, correlationId: string | null): TraceContext {
  return { trace_id: deriveTraceId(recordId, correlationId), span_id: deriveSpanId(recordId), parent_span_id: null }
}

export function deriveTraceId(recordId: string, correlationId: string | null): string {
  return sha256(correlationId ?? recordId).slice(0, 32)
}

export function deriveSpanId(recordId: string): string {
  return sha256(recordId).slice(0, 16)
}

const uuidRegExp = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The span of a record that we write: the random half of its UUID, which costs no hash; of any other id as readers derive it. */
export function spanIdOf(recordId: string): string {
  return uuidRegExp.test(recordId) ? recordId.slice(19, 23) + recordId.slice(24) : deriveSpanId(recordId)
}

/** W3C Trace Context: `00-<trace id>-<span id>-01`. */
export function formatTraceparent(trace: TraceContext): string {
  return `00-${trace.trace_id}-${trace.span_id}-01`
}

/** The trace that the header `traceparent` names; null when there is none or it is no such text. */
export function traceFromHeaders(headers: RecordHeaders): TraceContext | null {
  const match = traceparentRegExp.exec(lastHeader(headers, 'traceparent')?.toString('latin1') ?? '')
  const [, traceId, spanId] = match ?? []
  // All zeroes mean "none" (W3C Trace Context section 3.2.2.3).
  if (!traceId || !spanId || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { trace_id: traceId, span_id: spanId, parent_span_id: null }
}
