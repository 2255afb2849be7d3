import { AppError } from './app-error.ts'
import { payloadPlan, strictCheck } from './contract.ts'
import type { Envelope } from './envelope.ts'
import type { ErrorCode } from './errors.ts'
import { compact } from './field-plan.ts'
import { isClearlySmall } from './free-form.ts'
import { findWrittenProblem, READ_LIMIT_BYTES } from './json-text.ts'
import { findLifeProblem } from './life.ts'
import type { RecordHeaders } from './record.ts'
import { formatTraceparent } from './trace-context.ts'

export const WRITE_LIMIT_BYTES = 256 * 1024

export interface EncodeOptions {
  /** Home partition of the task; written as header `kc_home` on responses and copies home. */
  home?: number
  /** A copy home is as large as its source, so only the limit of readers holds. */
  isCopy?: boolean
}

export interface EncodedRecord {
  key: Buffer
  value: Buffer
  headers: RecordHeaders
}

/**
 * The record of an envelope: key by the topic table, JSON value, headers `content-type`, `traceparent` and CloudEvents `ce_*`.
 * Throws KC_ENVELOPE_TOO_LARGE above 256 KiB, KC_ENVELOPE_INVALID when the closed schema refuses it, and the other
 * KC_ENVELOPE codes where readers would find poison.
 */
export function encode(envelope: Envelope, options: EncodeOptions = {}): EncodedRecord {
  const body = { ...envelope, payload: compact(payloadPlan(envelope.type), envelope.payload) }
  const problem = strictCheck(envelope.type)(body)
  if (problem !== null) throw refusal(envelope, 'KC_ENVELOPE_INVALID', problem)
  const key = recordKey(envelope)
  const outOfLife = findLifeProblem(envelope, null)
  if (outOfLife) throw refusal(envelope, outOfLife.code, outOfLife.reason)
  const value = Buffer.from(JSON.stringify(body))
  const limitBytes = options.isCopy ? READ_LIMIT_BYTES : WRITE_LIMIT_BYTES
  if (value.length > limitBytes) {
    const advice = 'store the content elsewhere and send a reference'
    throw refusal(
      envelope,
      'KC_ENVELOPE_TOO_LARGE',
      `it has ${value.length} bytes, ${limitBytes} are allowed; ${advice}`,
    )
  }
  // Free-form members come from models and people: they may be deeper or hold other numbers than readers take.
  const refused = mayBreakLimits(envelope) ? findWrittenProblem(value) : null
  if (refused) throw refusal(envelope, refused.code, refused.reason)
  return { key: Buffer.from(key), value, headers: headersOf(envelope, options) }
}

/**
 * The key under which an envelope lies on its topic. Throws KC_ENVELOPE_INVALID for an answer that names its request only by
 * place: foreign programs may send one, we never do.
 */
export function recordKey(envelope: Envelope): string {
  switch (envelope.type) {
    case 'request':
    case 'task_status':
    case 'trace':
      return envelope.correlation_id
    case 'response':
      if (envelope.correlation_id === null)
        throw refusal(envelope, 'KC_ENVELOPE_INVALID', 'correlation_id must name the task')
      return envelope.correlation_id
    case 'announce':
      return envelope.payload.agent_id
    case 'zone':
      return envelope.payload.zone
    case 'skill':
      return envelope.payload.skill
    case 'approval':
      return envelope.payload.approval_id
    case 'memory':
      return envelope.payload.item_id
    case 'audit':
      return envelope.sender_id
  }
}

/** Only free-form members and long lists can break what readers bound; the closed schema has seen to the rest. */
function mayBreakLimits(envelope: Envelope): boolean {
  switch (envelope.type) {
    case 'task_status':
      return false
    case 'request':
      return !isClearlySmall(envelope.payload.input)
    case 'response':
    case 'trace':
      return !isClearlySmall(envelope.payload.output) || envelope.payload.citations.length > 0
    default:
      return true
  }
}

function refusal(envelope: Envelope, code: ErrorCode, reason: string): AppError {
  return new AppError(code, `The ${envelope.type} "${envelope.id}" cannot be sent: ${reason}.`)
}

/** The headers under which an envelope is sent; all of them follow from its body and, for answers, from their partition. */
export function headersOf(
  envelope: Pick<Envelope, 'type' | 'id' | 'group' | 'sender_id' | 'timestamp' | 'trace'>,
  { home }: Pick<EncodeOptions, 'home'>,
): RecordHeaders {
  const headers: Array<readonly [string, Buffer]> = [
    CONTENT_TYPE_HEADER,
    ['traceparent', Buffer.from(formatTraceparent(envelope.trace))],
    SPEC_VERSION_HEADER,
    ['ce_id', Buffer.from(envelope.id)],
    typeHeader(envelope.type),
    sourceHeader(envelope),
    timeHeader(envelope.timestamp),
  ]
  if (home !== undefined) headers.push(['kc_home', Buffer.from(String(home))])
  return headers
}

type Header = readonly [name: string, value: Buffer]

const CONTENT_TYPE_HEADER: Header = ['content-type', Buffer.from('application/json')]
const SPEC_VERSION_HEADER: Header = ['ce_specversion', Buffer.from('1.0')]
const typeHeaders = new Map<string, Header>()

function typeHeader(type: string): Header {
  const known = typeHeaders.get(type)
  if (known) return known
  const header: Header = ['ce_type', Buffer.from(`kafclaw.${type}`)]
  typeHeaders.set(type, header)
  return header
}

let lastSource: { group: string; senderId: string; header: Header } | null = null

/** A process mostly writes in the name of one sender. */
function sourceHeader({ group, sender_id: senderId }: { group: string; sender_id: string }): Header {
  if (lastSource?.group !== group || lastSource.senderId !== senderId) {
    lastSource = { group, senderId, header: ['ce_source', Buffer.from(`/group/${group}/agent/${senderId}`)] }
  }
  return lastSource.header
}

let lastTime: { timestamp: string; header: Header } | null = null

/** Many records are of one millisecond. */
function timeHeader(timestamp: string): Header {
  if (lastTime?.timestamp !== timestamp) lastTime = { timestamp, header: ['ce_time', Buffer.from(timestamp)] }
  return lastTime.header
}
