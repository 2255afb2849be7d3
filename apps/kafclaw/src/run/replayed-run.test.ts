import { createEnvelope } from '@kafclaw/envelope'
import type { StepResult, StepSpec } from '@kafclaw/runtime'
import { expect, it } from 'vitest'
import { createReplayedRun, type RecordedStep, type ReplayOptions } from './replayed-run.ts'

const request = createEnvelope(
  { type: 'request', group: 'acme', zone: 'public', sender_id: 'test', payload: { content: 'x' } },
  { id: '0198f3c2-0000-7000-8000-000000000001', nowMs: 0 },
)

const model = (inputHash: string): StepSpec => ({ kind: 'model', name: 'model', inputHash, effect: 'none' })
const tool = (name: string, inputHash: string, effect: StepSpec['effect'] = 'once'): StepSpec => {
  return { kind: 'tool', name, inputHash, effect, input: { arguments: inputHash } }
}

const gave = (output: unknown, name: string): StepResult => {
  return { status: 'completed', output, name, usage: null, citations: [] }
}

const RECORDED: RecordedStep[] = [
  { step: 0, kind: 'model', inputHash: 'm0', result: gave('calls both', 'gpt') },
  { step: 1, kind: 'tool', inputHash: 'a', result: gave('paid a', 'pay') },
  { step: 2, kind: 'tool', inputHash: 'b', result: gave('paid b', 'pay') },
  { step: 3, kind: 'model', inputHash: 'm3', result: gave('done', 'gpt') },
]

function open(options: Partial<ReplayOptions> = {}) {
  return createReplayedRun({
    taskId: 'task_1',
    request,
    recorded: RECORDED,
    hasAnswered: true,
    asksModel: () => false,
    signal: new AbortController().signal,
    ...options,
  })
}

const never = () => Promise.reject(new Error('called'))

it('answers every step from the journal and calls nothing', async () => {
  const { run, steps, divergence } = open()
  for (const [spec, output] of [
    [model('m0'), 'calls both'],
    [tool('pay', 'a'), 'paid a'],
    [tool('pay', 'b'), 'paid b'],
    [model('m3'), 'done'],
  ] as const) {
    expect((await run.perform(spec, never)).output).toBe(output)
  }
  expect(steps.map(({ source }) => source)).toEqual(['journal', 'journal', 'journal', 'journal'])
  expect(divergence()).toBeNull()
})

it('asks the chosen model from the chosen step on, and says where it answers otherwise', async () => {
  const { run, steps } = open({ asksModel: (step) => step >= 3 })
  await run.perform(model('m0'), never)
  // In another order than then, and each still found by what it is.
  expect((await run.perform(tool('pay', 'b'), never)).output).toBe('paid b')
  expect((await run.perform(tool('pay', 'a'), never)).output).toBe('paid a')
  const asked = await run.perform(model('other'), async () => ({ status: 'completed', name: 'small', output: 'else' }))
  expect(asked).toMatchObject({ output: 'else', name: 'small' })
  expect(steps.at(-1)).toMatchObject({ step: 3, source: 'model', differs: true })
})

it('leaves the journal at a call that it does not know, without making it', async () => {
  const { run, divergence } = open()
  await run.perform(model('m0'), never)
  await expect(run.perform(tool('pay', 'c'), never)).rejects.toMatchObject({ code: 'KC_RUN_NON_DETERMINISM' })
  expect(divergence()).toMatchObject({ step: 1, why: expect.stringContaining('pay with {"arguments":"c"}') })
})

it('gives the result of an effect once, and that of a question as often as it is asked', async () => {
  const { run, divergence } = open({ asksModel: () => true })
  await run.perform(tool('pay', 'a'), never)
  await expect(run.perform(tool('pay', 'a'), never)).rejects.toThrow()
  expect(divergence()?.step).toBe(1)
  const free = open()
  for (const _ of [1, 2]) expect((await free.run.perform(tool('pay', 'a', 'none'), never)).output).toBe('paid a')
})

it('tells a question to the model that is not that of then', async () => {
  const { run, divergence } = open()
  await expect(run.perform(model('changed'), never)).rejects.toThrow()
  expect(divergence()?.why).toContain('what the model is asked differs')
})

it('ends where the run ended that came to no answer', async () => {
  const replay = open({ recorded: RECORDED.slice(0, 1), hasAnswered: false })
  await replay.run.perform(model('m0'), never)
  await expect(replay.run.perform(tool('pay', 'a'), never)).rejects.toThrow()
  expect([replay.isAtEnd(), replay.divergence()]).toEqual([true, null])
})
