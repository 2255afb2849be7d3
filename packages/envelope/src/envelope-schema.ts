import type { TSchema } from 'typebox'
import * as Type from 'typebox'
import { SCHEMA_VERSION } from './envelope.ts'
import { about, closed, fallback, hex, id, name, nullable, oneOf, recordId, timestamp } from './fields.ts'
import { type EnvelopeType, PAYLOAD_SCHEMAS } from './payloads/payload-table.ts'

const SCHEMA_BASE = 'https://kafclaw.dev/schemas/v2/'

const TraceSchema = Type.Object(
  {
    trace_id: Type.Optional(hex(32, about('W3C trace id.', '4bf92f3577b34da6a3ce929d0e0e4736'))),
    span_id: Type.Optional(hex(16, about('Span of this record.', '00f067aa0ba902b7'))),
    parent_span_id: nullable(hex(16, about('Span above it.', '53995c3f42cd8ad8'))),
  },
  {
    ...closed,
    ...about('Where the record stands in its trace. Missing: from the header traceparent, else derived from the ids.', {
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      span_id: '00f067aa0ba902b7',
      parent_span_id: null,
    }),
  },
)

const LabelsSchema = Type.Object(
  {
    integrity: fallback(oneOf(['trusted', 'untrusted'], about('May it steer what is done?', 'trusted')), 'untrusted'),
    confidentiality: fallback(
      oneOf(['public', 'internal', 'confidential', 'restricted'], about('Who may see it.', 'internal')),
      'internal',
    ),
  },
  { ...closed, ...about('Labels that join on every hop.', { integrity: 'trusted', confidentiality: 'internal' }) },
)

/** Fields around the payload, the same for every type. */
const fields = {
  schema_version: fallback(Type.Unsafe<number>({ const: SCHEMA_VERSION, ...about('Version of this contract.', 2) }), 2),
  id: Type.Optional(
    recordId(
      about('Id of the record. Missing: derived from its place on the log.', '0198f3c2-0000-7000-8000-000000000001'),
    ),
  ),
  group: Type.Optional(name(about('The group: that of the topic.', 'acme'))),
  zone: Type.Optional(name(about('The zone: that of the topic.', 'public'))),
  sender_id: fallback(name(about('Who sends.', 'agent-a')), 'anonymous'),
  recipient_id: nullable(name(about('The one agent that it is meant for; null: whoever is able.', 'agent-b'))),
  correlation_id: nullable(
    id(
      about(
        'The task that the record is about. A request without it gets `task_` and its id.',
        'task_0198f3c2-1111-7000-8000-00000000000a',
      ),
    ),
  ),
  causation_id: nullable(
    recordId(about('Id of the record that caused this one.', '0198f3c2-0000-7000-8000-000000000000')),
  ),
  timestamp: Type.Optional(
    timestamp(about('When it was made. Missing: when it was appended.', '2026-11-23T10:00:00.000Z')),
  ),
  expires_at: nullable(
    timestamp(
      about(
        'From then on the task is not run any more; at most 6 days after timestamp. A request without it gets 24 hours.',
        '2026-11-24T10:00:00.000Z',
      ),
    ),
  ),
  trace: Type.Optional(TraceSchema),
  labels: Type.Optional(LabelsSchema),
}

const notNull = { not: { type: 'null' } }
const namesTask = { properties: { correlation_id: notNull }, required: ['correlation_id'] }
const namesRequest = {
  properties: { payload: { type: 'object', properties: { in_reply_to: notNull }, required: ['in_reply_to'] } },
}

/** Types that are about a task must say about which. */
const conditions: Partial<Record<EnvelopeType, object>> = {
  response: { anyOf: [namesTask, namesRequest] },
  task_status: { anyOf: [namesTask] },
  trace: { anyOf: [namesTask] },
}

/** The closed schema of a whole envelope of that type: what a writer may send. */
export function envelopeSchema(type: EnvelopeType): TSchema {
  return Type.Object(
    {
      type: Type.Unsafe<EnvelopeType>({ type: 'string', const: type, ...about('The type of the payload.', type) }),
      payload: PAYLOAD_SCHEMAS[type],
      ...fields,
    },
    {
      ...closed,
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `${SCHEMA_BASE}${type}.json`,
      title: type,
      ...conditions[type],
    },
  )
}

/** The envelope around a payload that this release does not know. */
export function unknownTypeSchema(): TSchema {
  return Type.Object({ type: Type.String(), payload: Type.Unsafe<unknown>(notNull), ...fields }, { ...closed })
}
