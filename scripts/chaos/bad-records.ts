import { createEnvelope, encode, partitionFor, topicName } from '@kafclaw/envelope'
import type { OutgoingRecord } from '@kafclaw/kafka'
import type { Stage } from './stage.ts'

type Json = Record<string, unknown>

/** Ways in which a request can be bad; each is given the text of a good one. */
const KINDS: ReadonlyArray<(good: string, n: number) => Buffer> = [
  () => Buffer.alloc(0),
  () => Buffer.from('not json'),
  (good) => Buffer.from(good.slice(0, -1)),
  (good) => Buffer.from(`${good}}`),
  () => Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  () => Buffer.from('[]'),
  () => Buffer.from('null'),
  () => Buffer.from('17'),
  () => Buffer.from('"request"'),
  () => Buffer.from('{}'),
  (good) => withFields(good, { type: undefined }),
  (good) => withFields(good, { type: 17 }),
  (good) => withFields(good, { payload: undefined }),
  (good) => withFields(good, { payload: 'text' }),
  (good) => withFields(good, { payload: {} }),
  (good) => withFields(good, { payload: { content: 17 } }),
  (good) => withFields(good, { timestamp: 'yesterday' }),
  (good) => withFields(good, { group: 'another-group' }),
  (good) => withFields(good, { expires_at: 'never' }),
  (good) => withFields(good, { correlation_id: { no: 'id' } }),
]

/** The n-th bad record, on the topic of requests. */
export function badRecord({ env, scope, partitions }: Stage, n: number): OutgoingRecord {
  const id = env.newId()
  const good = createEnvelope(
    { type: 'request', ...scope, sender_id: 'chaos', payload: { content: `bad ${n}` } },
    { id, nowMs: env.now() },
  )
  const { key, value } = encode(good)
  const make = KINDS[n % KINDS.length]
  return {
    topic: topicName(scope, 'requests'),
    partition: partitionFor(key, partitions),
    key,
    value: make ? make(value.toString(), n) : value,
    headers: [],
  }
}

function withFields(good: string, fields: Json): Buffer {
  return Buffer.from(JSON.stringify({ ...JSON.parse(good), ...fields }))
}
