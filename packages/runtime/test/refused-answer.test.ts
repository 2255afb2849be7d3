import { AppError, decode, type RawRecord, sha256, type TaskStatusEnvelope, topicName } from '@kafclaw/envelope'
import { type Log, readAll } from '@kafclaw/kafka'
import { expect, it, vi } from 'vitest'
import { createTestGroup, type TestGroup } from './group.ts'
import { holdReading } from './held-log.ts'

/** The log as it is for an agent that may write everything but answers, as long as `isRefusing`; other records go with some. */
function refuseAnswers(log: Log, responses: string, refusal: AppError, isRefusing: (isAlone: boolean) => boolean): Log {
  return {
    ...log,
    publisher(options) {
      const publisher = log.publisher(options)
      return {
        close: publisher.close,
        publish(records) {
          const isAnswer = records.some(({ topic }) => topic === responses)
          if (isAnswer && isRefusing(records.length === 1)) return Promise.reject(refusal)
          return publisher.publish(records)
        },
      }
    },
  }
}

/** Refuses until an answer was sent by itself and refused: then its run has ended for good. */
function untilAlone(): (isAlone: boolean) => boolean {
  let isOver = false
  return (isAlone) => {
    if (isOver) return false
    isOver = isAlone
    return true
  }
}

type TaskStatusPayload = TaskStatusEnvelope['payload']

async function readStatuses(group: TestGroup): Promise<TaskStatusPayload[]> {
  const records = await readAll(group.log, [topicName(group.scope, 'tasks_status')])
  return records.flatMap((record) => {
    const decoded = decode(record)
    return decoded.kind === 'envelope' && decoded.envelope.type === 'task_status' ? [decoded.envelope.payload] : []
  })
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
  const statuses = await readStatuses(group)
  expect(statuses.map(({ status, reason }) => (reason ? `${status} ${reason}` : status))).toEqual([
    'claimed',
    'released error',
    'claimed',
  ])
})

it('knows of such a task what the log says: a step that its run had finished counts for the next claim', async () => {
  await using group = await createTestGroup()
  const refusal = new AppError('KC_KAFKA_NOT_AUTHORISED', 'no ACL for responses')
  const refusing = refuseAnswers(group.log, topicName(group.scope, 'responses'), refusal, untilAlone())
  const isProgress = (record: RawRecord): boolean => String(record.value).includes('"progress"')
  const isReleased = ({ status, agent_id }: TaskStatusPayload): boolean =>
    status === 'released' && agent_id === 'agent-a'
  // It reads that it has come further only when it has given the task back.
  const log = holdReading(refusing, (batches) =>
    batches.some(({ records }) => records.some(isProgress))
      ? vi.waitFor(async () => expect((await readStatuses(group)).some(isReleased)).toBe(true), { timeout: 20_000 })
      : null,
  )
  const member = group.start(
    'agent-a',
    async (run) => {
      const spec = { kind: 'model', name: 'think', inputHash: sha256('think'), effect: 'none' } as const
      await run.perform(spec, async () => ({ status: 'completed', output: 'a thought' }))
      return { status: 'completed' }
    },
    { log },
  )
  const asked = await group.client.ask({ payload: { content: 'x' } })
  const { topic, partition, offset } = asked.place
  const ghost = { run_id: 'run-of-a-ghost', agent_id: 'ghost', boot: 1, attempt: 1 }
  const about = { type: 'task_status', correlation_id: asked.taskId } as const
  const request = { topic, partition, offset }
  await group.client.publish({ ...about, payload: { ...ghost, status: 'claimed', request } })
  await group.client.publish({ ...about, payload: { ...ghost, status: 'released', reason: 'error' } })
  await member.whenReady()
  await asked.outcome
  const claims = (await readStatuses(group)).filter(({ status }) => status === 'claimed')
  expect(claims.map((claim) => 'fruitless' in claim && claim.fruitless)).toEqual([0, 1, 0])
})

it('does not repeat for the next attempt what the run before had done, though it was answered and nothing of it is kept here', async () => {
  await using group = await createTestGroup()
  const refusal = new AppError('KC_KAFKA_NOT_AUTHORISED', 'no ACL for responses')
  const log = refuseAnswers(group.log, topicName(group.scope, 'responses'), refusal, untilAlone())
  let thoughts = 0
  const member = group.start(
    'agent-a',
    async (run) => {
      const spec = { kind: 'model', name: 'think', inputHash: sha256('think'), effect: 'none' } as const
      const { output } = await run.perform(spec, async () => ({ status: 'completed', output: `thought ${++thoughts}` }))
      return { status: 'completed', content: `attempt ${run.attempt}: ${output}` }
    },
    { log },
  )
  await member.whenReady()
  const asked = await group.client.ask({ payload: { content: 'x' } })
  expect((await asked.outcome).payload.content).toBe('attempt 2: thought 1')
  expect(thoughts).toBe(1)
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
