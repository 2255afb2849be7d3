import { AppError, decode, topicName } from '@kafclaw/envelope'
import { type Log, readAll } from '@kafclaw/kafka'
import { expect, it } from 'vitest'
import { createTestGroup } from './group.ts'

/** The log as it is for an agent that may write everything but answers, as long as `isRefusing`. */
function refuseAnswers(log: Log, responses: string, refusal: AppError, isRefusing: () => boolean): Log {
  return {
    ...log,
    publisher(options) {
      const publisher = log.publisher(options)
      return {
        close: publisher.close,
        publish(records) {
          if (records.some(({ topic }) => topic === responses) && isRefusing()) return Promise.reject(refusal)
          return publisher.publish(records)
        },
      }
    },
  }
}

it('gives a task back whose answer it may not write, in the log, for the next attempt', async () => {
  await using group = await createTestGroup()
  let asksForAnswers = 0
  const refusal = new AppError('KC_KAFKA_NOT_AUTHORISED', 'no ACL for responses')
  // Refused once; then the ACL is there.
  const log = refuseAnswers(group.log, topicName(group.scope, 'responses'), refusal, () => asksForAnswers++ === 0)
  const member = group.start('agent-a', async (run) => ({ status: 'completed', content: `attempt ${run.attempt}` }), {
    log,
  })
  await member.whenReady()
  const asked = await group.client.ask({ payload: { content: 'x' } })
  expect((await asked.outcome).payload.content).toBe('attempt 2')
  const statuses = (await readAll(group.log, [topicName(group.scope, 'tasks_status')])).flatMap((record) => {
    const decoded = decode(record)
    return decoded.kind === 'envelope' && decoded.envelope.type === 'task_status' ? [decoded.envelope.payload] : []
  })
  expect(statuses.map(({ status, reason }) => (reason ? `${status} ${reason}` : status))).toEqual([
    'claimed',
    'released error',
    'claimed',
  ])
})

it('answers with a small failure where the cluster refuses the answer for its size', async () => {
  await using group = await createTestGroup()
  let refused = 0
  const refusal = new AppError('KC_KAFKA_RECORD_TOO_LARGE', 'too large')
  const log = refuseAnswers(group.log, topicName(group.scope, 'responses'), refusal, () => refused++ === 0)
  const member = group.start('agent-a', async () => ({ status: 'completed', content: 'long' }), { log })
  await member.whenReady()
  const asked = await group.client.ask({ payload: { content: 'x' } })
  expect((await asked.outcome).payload).toMatchObject({
    status: 'failed',
    error: { code: 'KC_KAFKA_RECORD_TOO_LARGE' },
  })
})
