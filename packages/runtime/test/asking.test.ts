import { AppError, topicName } from '@kafclaw/envelope'
import type { Log } from '@kafclaw/kafka'
import { expect, it } from 'vitest'
import type { Run, RunHandler } from '../src/index.ts'
import { createTestGroup, type TestGroup } from './group.ts'

function ask(run: Run, name: string): Promise<string | null> {
  const child = {
    taskId: `${run.taskId}-${name}`,
    recipientId: 'agent-a',
    payload: { content: name },
    causationId: run.runId,
  }
  return run.ask(child).then(({ payload }) => payload.content)
}

/** A log of which the answers cannot be looked up for a while. */
function withTrouble({ log, scope }: TestGroup, times: number): { log: Log; failed(): number } {
  let failed = 0
  const responses = topicName(scope, 'responses')
  return {
    failed: () => failed,
    log: {
      ...log,
      async offsets(topics) {
        if (topics.length === 1 && topics[0] === responses && failed < times) {
          failed++
          throw new AppError('KC_KAFKA_UNREACHABLE', 'The broker restarts.')
        }
        return log.offsets(topics)
      },
    },
  }
}

it('a run that asks several others at once gives one place back, and takes one again', async () => {
  await using group = await createTestGroup()
  const handler: RunHandler = async (run) => {
    if (run.request.payload.depth > 0 || run.request.payload.content === 'alone')
      return { status: 'completed', content: 'done' }
    const answers = await Promise.all([ask(run, 'one'), ask(run, 'two'), ask(run, 'three')])
    return { status: 'completed', content: answers.join(', ') }
  }
  group.start('agent-a', handler, { capacity: 1 })
  const asked = await group.client.ask({ payload: { content: 'x' } })
  expect((await asked.outcome).payload.content).toBe('done, done, done')
  const next = await group.client.ask({ payload: { content: 'alone' } })
  expect((await next.outcome).payload.content).toBe('done')
})

it('an answer that has come is read when the broker is back, and never lost to whoever asked', async () => {
  await using group = await createTestGroup()
  const trouble = withTrouble(group, 2)
  const handler: RunHandler = async (run) => {
    if (run.request.payload.depth > 0) return { status: 'completed', content: 'forty-two' }
    await ask(run, 'child')
    // As a run does that goes on after its host was away.
    return { status: 'completed', content: await ask(run, 'child') }
  }
  group.start('agent-a', handler, { log: trouble.log })
  const asked = await group.client.ask({ payload: { content: 'x' } })
  expect((await asked.outcome).payload).toMatchObject({ status: 'completed', content: 'forty-two' })
  expect(trouble.failed()).toBe(2)
})
