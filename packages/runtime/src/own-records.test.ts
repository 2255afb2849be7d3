import { createEnvelope, decode } from '@kafclaw/envelope'
import { expect, it } from 'vitest'
import { createOwnRecords } from './own-records.ts'
import { toOutgoing } from './sender.ts'

const envelope = createEnvelope(
  {
    type: 'response',
    group: 'acme',
    zone: 'public',
    sender_id: 'agent-a',
    correlation_id: 'task_1',
    causation_id: 'request-1',
    payload: {
      content: 'ünï',
      citations: [{ item_id: 'item_1', topic: 'group.acme.memory.shared', partition: 0, offset: 1 }],
      output: { deep: [1, 2, { x: null }] },
    },
  },
  { id: '0198f3c2-1111-7000-8000-00000000000a', nowMs: Date.UTC(2026, 10, 23) },
)
const outgoing = toOutgoing(envelope, { partitions: 6 })
const readBack = { ...outgoing, offset: 7, timestampMs: Date.UTC(2026, 10, 23) }

it('gives for a record of its own what reading it would give, once', () => {
  const own = createOwnRecords()
  own.sent(envelope, outgoing)
  const known = own.recognise(readBack)
  expect(decode(readBack)).toEqual({ kind: 'envelope', envelope: known })
  expect(own.recognise(readBack)).toBeNull()
})

it('does not know a record of which a byte differs, or that lies on another topic', () => {
  const own = createOwnRecords()
  own.sent(envelope, outgoing)
  const forged = Buffer.from(String(outgoing.value).replace('ünï', 'uni'))
  expect(own.recognise({ ...readBack, value: forged })).toBeNull()
  expect(own.recognise({ ...readBack, topic: 'group.acme.tasks.status' })).toBeNull()
})
