import { deadLetterRecord, type RawRecord } from '@kafclaw/envelope'
import { expect, it } from 'vitest'
import { createDeadLetterList } from './read-dead-letters.ts'
import { reviveRequest } from './revive-request.ts'

function letterOf(value: object | string, topic = 'group.acme.requests') {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const bad: RawRecord = {
    topic,
    partition: 3,
    offset: 7,
    timestampMs: 0,
    key: null,
    value: Buffer.from(text),
    headers: [],
  }
  const made = deadLetterRecord(bad, { code: 'KC_TASK_EXHAUSTED', reason: 'x', by: 'agent-a', atMs: 0 })
  const list = createDeadLetterList()
  list.fold({
    topic: 'group.acme.dlq',
    partition: 0,
    offset: 0,
    timestampMs: Date.parse('2026-11-23T10:00:00Z'),
    ...made,
  })
  const [letter] = list.all()
  if (!letter) throw new Error('no letter')
  return letter
}

const payload = { content: 'count the stars' }

it('gives back the request that a letter holds', () => {
  const request = { type: 'request', recipient_id: 'agent-b', payload }
  expect(reviveRequest(letterOf(request))).toMatchObject({ request: { recipient_id: 'agent-b', payload } })
})

it.each([
  { timestamp: '2026-11-23T10:00:00Z', expires_at: '2027-11-23T10:00:00Z' },
  { timestamp: '2026-12-24T10:00:00Z' },
])('asks again what was malformed by its dates alone: %o', (dates) => {
  expect(reviveRequest(letterOf({ type: 'request', ...dates, payload }))).toMatchObject({ request: { payload } })
})

it('says why the others cannot be asked again', () => {
  const why = (letter: ReturnType<typeof letterOf>) => reviveRequest(letter)
  expect(why(letterOf('{"type": '))).toMatchObject({ why: expect.stringContaining('KC_ENVELOPE_BAD_JSON') })
  expect(why(letterOf({ type: 'response' }, 'group.acme.responses'))).toMatchObject({
    why: expect.stringContaining('no request'),
  })
  const large = { type: 'request', payload: { content: 'x'.repeat(300_000) } }
  expect(why(letterOf(large))).toMatchObject({ why: expect.stringContaining('too large') })
  expect(why({ ...letterOf({ type: 'request', payload }), source: null })).toMatchObject({ why: expect.any(String) })
})
