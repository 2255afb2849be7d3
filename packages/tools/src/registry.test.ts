import { AppError } from '@kafclaw/envelope'
import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { createTool } from './create-tool.ts'
import { createToolRegistry } from './registry.ts'
import { completedResult, type Tool, type ToolContext } from './tool.ts'

const ctx: ToolContext = {
  taskId: 'task_1',
  runId: 'run_1',
  step: 0,
  index: 0,
  redo: 0,
  attempt: 1,
  idempotencyKey: 'task_1/0/0',
  signal: new AbortController().signal,
}

function createEcho(run: (args: { text: string }, ctx: ToolContext) => Promise<object> = async (args) => args): Tool {
  return createTool({
    name: 'test.echo',
    description: 'Echoes.',
    parameters: Type.Object({ text: Type.String({ minLength: 2 }) }, { additionalProperties: false }),
    kind: 'tool',
    effect: 'none',
    longestCallMs: 1000,
    run: async (args, context) => completedResult(await run(args, context)),
  })
}

const call = (args: string, name = 'test.echo') => ({ id: 'call_1', name, arguments: args })

describe('a tool registry', () => {
  it('hands checked arguments to the tool and its result back', async () => {
    const result = await createToolRegistry([createEcho()]).call(call('{"text":"hello"}'), ctx)
    expect(result).toEqual({ status: 'completed', content: '{"text":"hello"}', output: { text: 'hello' } })
  })

  it('tells a model the definitions as JSON, in order', () => {
    const { definitions } = createToolRegistry([createEcho()])
    expect(JSON.parse(JSON.stringify(definitions))).toEqual([
      {
        name: 'test.echo',
        description: 'Echoes.',
        parameters: {
          type: 'object',
          required: ['text'],
          properties: { text: { type: 'string', minLength: 2 } },
          additionalProperties: false,
        },
      },
    ])
  })

  it.each([
    ['{"text":', 'not valid JSON'],
    ['', "must have required property 'text'"],
    ['{}', "must have required property 'text'"],
    ['null', 'the arguments must be object'],
    ['["hello"]', 'the arguments must be object'],
    ['{"text":7}', 'text must be string'],
    ['{"text":"x"}', 'text must NOT have fewer than 2 characters'],
    ['{"text":"hello","more":1}', 'must NOT have additional properties (more)'],
    ['{"text":"hello","__proto__":{"a":1}}', 'must NOT have additional properties (__proto__)'],
  ])('tells the model what is wrong with the arguments %j and does not run the tool', async (args, reason) => {
    const echo = createEcho(() => expect.unreachable())
    const result = await createToolRegistry([echo]).call(call(args), ctx)
    expect(result.status).toBe('failed')
    expect(JSON.parse(result.content).error).toContain(reason)
  })

  it('tells the model which tools there are when it makes one up', async () => {
    const result = await createToolRegistry([createEcho()]).call(call('{}', 'rm -rf'), ctx)
    expect(result.status).toBe('failed')
    expect(JSON.parse(result.content).error).toBe('There is no tool "rm -rf"; there are: test.echo.')
  })

  it('turns what a tool throws into a failed result with its code', async () => {
    const full = createEcho(() => Promise.reject(new AppError('KC_STORAGE_FULL', 'The disk is full.')))
    const result = await createToolRegistry([full]).call(call('{"text":"hello"}'), ctx)
    expect(result).toMatchObject({ status: 'failed', output: { error: { code: 'KC_STORAGE_FULL' } } })
    expect(result.content).toContain('The disk is full.')
    const broken = createEcho(() => Promise.reject(new TypeError('x is not a function')))
    const second = await createToolRegistry([broken]).call(call('{"text":"hello"}'), ctx)
    expect(second.output).toEqual({ error: { code: 'KC_TOOL_FAILED', message: 'x is not a function' } })
  })

  it('rejects with the reason of the signal when it is aborted, before a call and in one', async () => {
    const reason = new Error('cancelled')
    const echo = createEcho(() => expect.unreachable())
    const aborted = { ...ctx, signal: AbortSignal.abort(reason) }
    await expect(createToolRegistry([echo]).call(call('{"text":"hello"}'), aborted)).rejects.toBe(reason)

    const abort = new AbortController()
    const waiting = createEcho(async () => {
      abort.abort(reason)
      throw new Error('some error that the abort made')
    })
    const result = createToolRegistry([waiting]).call(call('{"text":"hello"}'), { ...ctx, signal: abort.signal })
    await expect(result).rejects.toBe(reason)
  })

  it('rejects when the run stops in the middle of a call: that is no failure of the tool, and the model must not hear of it', async () => {
    const stopped = new AppError('KC_RUN_STOPPED', 'The service shuts down.')
    const result = createToolRegistry([createEcho(() => Promise.reject(stopped))]).call(call('{"text":"hello"}'), ctx)
    await expect(result).rejects.toBe(stopped)
  })

  it('finds a tool by its name, and refuses two of one name', () => {
    const echo = createEcho()
    expect(createToolRegistry([echo]).find('test.echo')).toBe(echo)
    expect(createToolRegistry([echo]).find('toString')).toBeUndefined()
    expect(() => createToolRegistry([echo, createEcho()])).toThrow(/Two tools are called test.echo/)
  })
})
