import { expect, it } from 'vitest'
import { createTestGroup } from './group.ts'

/** More than a member holds of what it could claim. */
const TASKS = 12_000
const BATCH = 500

it('takes the tasks of a backlog that is larger than what it holds, and fetches on as it works them off', async () => {
  await using group = await createTestGroup()
  const outcomes: Array<Promise<unknown>> = []
  for (let asked = 0; asked < TASKS; asked += BATCH) {
    const questions = Array.from({ length: BATCH }, (_, n) => ({ payload: { content: `task ${asked + n}` } }))
    for (const { outcome } of await group.client.askAll(questions)) outcomes.push(outcome)
  }
  let most = 0
  const member = group.start('agent-a', async () => ({ status: 'completed' }), {
    capacity: 500,
    onTasks() {
      most = Math.max(most, [...member.view.openTasks()].length)
    },
  })
  await Promise.all(outcomes)
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(TASKS)
}, 60_000)
