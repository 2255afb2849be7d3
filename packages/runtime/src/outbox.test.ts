import { createSystemEnv } from '@kafclaw/env'
import { createEnvelope } from '@kafclaw/envelope'
import { openDatabase } from '@kafclaw/storage'
import { expect, it } from 'vitest'
import { createOutbox } from './outbox.ts'
import { toOutgoing } from './sender.ts'
import { createTimeline } from './timeline.ts'

const response = createEnvelope(
  {
    type: 'response',
    group: 'acme',
    zone: 'public',
    sender_id: 'agent-a',
    correlation_id: 'task_1',
    payload: { content: 'ok' },
  },
  { id: '0198f3c2-1111-7000-8000-00000000000a', nowMs: Date.UTC(2026, 10, 23) },
)

it("gives an earlier process's records back byte for byte, headers too", () => {
  using db = openDatabase(':memory:', 'state')
  const outbox = createOutbox(db, createTimeline(db, createSystemEnv()))
  const answer = toOutgoing(response, { partitions: 6 })
  const letter = {
    ...answer,
    topic: 'group.acme.dlq',
    partition: 0,
    headers: [['kc_dlq_code', Buffer.from([0xff, 0x00, 0x0a])]] as const,
  }
  outbox.add(answer, 1, { isEnvelope: true })
  outbox.add(letter, 2)
  expect(outbox.load().map(({ record }) => record)).toEqual([answer, letter])
})

it('deletes what was acknowledged, and neither what was not nor what is parked', () => {
  using db = openDatabase(':memory:', 'state')
  const outbox = createOutbox(db, createTimeline(db, createSystemEnv()))
  for (let index = 1; index <= 5; index++) outbox.add(toOutgoing(response, { partitions: 6 }), index)
  const rows = outbox.takeAdded()
  const [first, second, third, , fifth] = rows
  if (!first || !second || !third || !fifth) throw new Error('five rows were added')
  outbox.park(second, 'too large')
  outbox.acknowledge(
    [first, third, fifth].map((row) => ({ row, place: { topic: 't', partition: 0, offset: row.seq } })),
  )
  outbox.deleteAcknowledged()
  outbox.forgetDeleted()
  expect(outbox.load().map(({ seq }) => seq)).toEqual([4])
  expect(outbox.countParked()).toBe(1)
})
