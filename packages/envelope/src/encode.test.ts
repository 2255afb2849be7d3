import { describe, expect, it } from 'vitest'
import { AppError } from './app-error.ts'
import { createEnvelope } from './create-envelope.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import type { NewEnvelope } from './envelope.ts'
import type { EnvelopeType, NewPayloads } from './payloads/payload-table.ts'
import { lastHeader } from './record.ts'
import { topicName } from './topic-name.ts'

const scope = { group: 'acme', zone: 'public' }
const identity = { id: '0198f3c2-0000-7000-8000-000000000001', nowMs: Date.UTC(2026, 10, 23, 10) }

function create<T extends EnvelopeType>(type: T, payload: NewPayloads[T], more: Partial<NewEnvelope<T>> = {}) {
  return createEnvelope<T>({ type, ...scope, sender_id: 'agent-a', payload, ...more }, identity)
}

describe('createEnvelope', () => {
  it('names the task of a request after the request, and gives it 24 hours', () => {
    expect(create('request', { content: 'Which port?' })).toMatchObject({
      correlation_id: `task_${identity.id}`,
      timestamp: '2026-11-23T10:00:00.000Z',
      expires_at: '2026-11-24T10:00:00.000Z',
      payload: { content: 'Which port?', skill: 'chat', input: null, depth: 0, parent_task_id: null },
    })
  })

  it('writes of another zone, on a topic of the whole group, what readers accept', () => {
    const zone = create('zone', { zone: 'lab', partitions: 3, lease_ms: 1000 }, { zone: 'lab' })
    const topic = topicName({ group: 'acme', zone: 'lab' }, 'control_zones')
    const record = { topic, partition: 0, offset: 0, timestampMs: 0, ...encode(zone) }
    expect(decode(record)).toMatchObject({ kind: 'envelope', envelope: { zone: 'public', payload: { zone: 'lab' } } })
  })

  it('gives all records of a task one trace id, and each its own span', () => {
    const first = createEnvelope(
      { type: 'response', ...scope, sender_id: 'a', correlation_id: 'order-1', payload: {} },
      { ...identity, id: 'one' },
    )
    const second = createEnvelope(
      { type: 'response', ...scope, sender_id: 'a', correlation_id: 'order-1', payload: {} },
      { ...identity, id: 'two' },
    )
    expect(second.trace.trace_id).toBe(first.trace.trace_id)
    expect(second.trace.span_id).not.toBe(first.trace.span_id)
  })

  it('keeps the trace that it is given', () => {
    const trace = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', parent_span_id: '00f067aa0ba902b7' }
    expect(create('request', { content: 'x' }, { trace }).trace).toMatchObject(trace)
  })

  it('fills lists anew for each envelope', () => {
    const first = create('response', {}, { correlation_id: 'order-1' })
    const second = create('response', {}, { correlation_id: 'order-1' })
    expect(first.payload.citations).not.toBe(second.payload.citations)
  })
})

describe('encode', () => {
  it('writes the headers of CloudEvents and W3C Trace Context beside the body', () => {
    const envelope = create('response', { content: 'Yes.' }, { correlation_id: 'order-1' })
    const { headers } = encode(envelope, { home: 3 })
    const text = Object.fromEntries(headers.map(([name, value]) => [name, value.toString()]))
    expect(text).toEqual({
      'content-type': 'application/json',
      traceparent: `00-${envelope.trace.trace_id}-${envelope.trace.span_id}-01`,
      ce_specversion: '1.0',
      ce_id: identity.id,
      ce_type: 'kafclaw.response',
      ce_source: '/group/acme/agent/agent-a',
      ce_time: '2026-11-23T10:00:00.000Z',
      kc_home: '3',
    })
  })

  it('writes kc_home only where it is asked to', () => {
    const { headers } = encode(create('request', { content: 'x' }))
    expect(lastHeader(headers, 'kc_home')).toBeUndefined()
  })

  it('keys each record as the topic table says', () => {
    const task = { correlation_id: 'order-1' }
    const request = { topic: 'group.acme.requests', partition: 0, offset: 1 }
    const keyOf = (envelope: Parameters<typeof encode>[0]) => encode(envelope).key.toString()
    expect(keyOf(create('request', { content: 'x' }, task))).toBe('order-1')
    expect(keyOf(create('response', {}, task))).toBe('order-1')
    const claim = { status: 'claimed', attempt: 1, run_id: 'r', agent_id: 'agent-a', boot: 1, request } as const
    expect(keyOf(create('task_status', claim, task))).toBe('order-1')
    expect(keyOf(create('trace', { run_id: 'r', attempt: 2, phase: 'started' }, task))).toBe('order-1')
    expect(keyOf(create('announce', { agent_id: 'agent-b', boot_id: 'b', boot: 1 }))).toBe('agent-b')
    expect(keyOf(create('memory', { item_id: 'item-1', content: 'x' }))).toBe('item-1')
    expect(keyOf(create('zone', { zone: 'finance', partitions: 6, lease_ms: 12_000 }))).toBe('finance')
    expect(keyOf(create('skill', { skill: 'invoice' }))).toBe('invoice')
    const audit = create('audit', { action: 'dlq.discard', subject: 'group.acme.requests/0/1' })
    expect(keyOf(audit)).toBe(audit.sender_id)
  })

  it('leaves out what readers fill in, so that records stay small', () => {
    const { value } = encode(create('response', { content: 'Yes.' }, { correlation_id: 'order-1' }))
    const body: { payload: object } = JSON.parse(value.toString())
    expect(body.payload).toEqual({ status: 'completed', content: 'Yes.', citations: [] })
  })

  it('refuses a member that the schema does not know', () => {
    const payload: NewPayloads['request'] = Object.assign({ content: 'x' }, { mood: 'curious' })
    expect(() => encode(create('request', payload))).toThrow(/mood/)
    const envelope = Object.assign(create('request', { content: 'x' }), { priority: 9 })
    expect(() => encode(envelope)).toThrow(/priority/)
  })

  it.each([
    ['a sender that is no name', { sender_id: 'Agent A' }],
    ['a task id with a space in it', { correlation_id: 'two words' }],
    ['a deadline that is no time', { expires_at: 'tomorrow' }],
  ])('refuses %s with KC_ENVELOPE_INVALID', (_what, fields) => {
    expect(codeOf(() => encode(create('request', { content: 'x' }, fields)))).toBe('KC_ENVELOPE_INVALID')
  })

  it('refuses an answer that names no task, which only foreign programs may send', () => {
    expect(codeOf(() => encode(create('response', { content: 'x' })))).toBe('KC_ENVELOPE_INVALID')
    const byPlace = create('response', { content: 'x', in_reply_to: 'group.acme.requests/0/1' })
    expect(codeOf(() => encode(byPlace))).toBe('KC_ENVELOPE_INVALID')
  })

  it('refuses a request that readers would call poison for its deadline', () => {
    const fields = { expires_at: '2026-11-29T10:00:00.001Z' }
    expect(codeOf(() => encode(create('request', { content: 'x' }, fields)))).toBe('KC_ENVELOPE_LIFE_TOO_LONG')
  })

  it('refuses nesting and numbers that readers would call poison', () => {
    let deep: unknown = 1
    for (let level = 0; level < 40; level++) deep = [deep]
    expect(codeOf(() => encode(create('request', { content: 'x', input: deep })))).toBe('KC_ENVELOPE_TOO_DEEP')
    const big = { content: 'x', input: 2 ** 60 }
    expect(codeOf(() => encode(create('request', big)))).toBe('KC_ENVELOPE_UNSAFE_INTEGER')
    const pollution: unknown = JSON.parse('{"__proto__":{"admin":true}}')
    expect(codeOf(() => encode(create('request', { content: 'x', input: pollution })))).toBe('KC_ENVELOPE_INVALID')
    expect(codeOf(() => encode(create('request', { content: 'say "__proto__": 1' })))).toBe('accepted')
  })

  it('writes at most 256 KiB, and a copy home up to what readers take', () => {
    const large = create('response', { content: 'x'.repeat(300_000) }, { correlation_id: 'order-1' })
    expect(codeOf(() => encode(large))).toBe('KC_ENVELOPE_TOO_LARGE')
    const topic = topicName(scope, 'responses')
    const copy = encode(large, { isCopy: true, home: 1 })
    expect(decode({ topic, partition: 1, offset: 0, timestampMs: identity.nowMs, ...copy }).kind).toBe('envelope')
    const tooLarge = create('response', { content: 'x'.repeat(1_100_000) }, { correlation_id: 'order-1' })
    expect(codeOf(() => encode(tooLarge, { isCopy: true }))).toBe('KC_ENVELOPE_TOO_LARGE')
  })
})

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (err) {
    return err instanceof AppError ? err.code : String(err)
  }
  return 'accepted'
}
