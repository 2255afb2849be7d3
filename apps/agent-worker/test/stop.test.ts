import { createScriptedModel, type ModelAnswer } from '@kafclaw/llm'
import { createTool, spawnGroup, Type } from '@kafclaw/tools'
import { expect, it, vi } from 'vitest'
import { createTestAgents, type TestAgents } from './agents.ts'

/** What a model says when it wants a tool. */
function wants(name: string, args: object): ModelAnswer {
  const call = { id: 'call_1', name, arguments: JSON.stringify(args) }
  return { content: '', toolCalls: [call], usage: null, model: 'scripted', finishReason: 'tool_calls' }
}

const PATIENCE = { timeout: 20_000, interval: 20 }

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A tool that runs a program which would go on for long, and tells its process id. */
function createLongTool(agents: TestAgents, onStart: (pid: number) => void) {
  return createTool({
    name: 'long',
    description: 'Works for long.',
    parameters: Type.Object({}, { additionalProperties: false }),
    kind: 'tool',
    effect: 'none',
    longestCallMs: 600_000,
    async run(_, ctx) {
      const args = ['-c', '/bin/sleep 600 & echo $!; wait']
      const script = spawnGroup('/bin/sh', {
        env: agents.host.env,
        signal: ctx.signal,
        args,
        onStdout: (text) => onStart(Number(text)),
      })
      return { status: 'completed', content: JSON.stringify(await script) }
    },
  })
}

it('a cancelled task ends the processes that its tool has started', async () => {
  await using agents = await createTestAgents('embedded')
  const started = Promise.withResolvers<number>()
  const model = createScriptedModel(() => wants('long', {}))
  await agents.start('agent-a', { model, tools: [createLongTool(agents, started.resolve)] })
  const asked = await agents.client.ask({ payload: { content: 'x' } })
  const pid = await started.promise
  expect(isAlive(pid)).toBe(true)
  await agents.client.publish({ type: 'response', correlation_id: asked.taskId, payload: { status: 'cancelled' } })
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), PATIENCE)
})

it('a cancelled task ends the call of its model', async () => {
  await using agents = await createTestAgents('embedded')
  const asking = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<unknown>()
  const model = createScriptedModel(({ signal }) => {
    asking.resolve()
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        ended.resolve(signal.reason)
        reject(signal.reason)
      })
    })
  })
  await agents.start('agent-a', { model })
  const asked = await agents.client.ask({ payload: { content: 'x' } })
  await asking.promise
  await agents.client.publish({ type: 'response', correlation_id: asked.taskId, payload: { status: 'cancelled' } })
  expect(await ended.promise).toMatch(/outcome/)
})

it('an agent that shuts down while it waits for another goes on with the answer: its model hears nothing of the end', async () => {
  await using agents = await createTestAgents('embedded')
  const heard: string[] = []
  const parent = createScriptedModel(({ messages }) => {
    const last = messages.at(-1)
    if (last?.role !== 'tool') return wants('ask_agent', { agent: 'agent-b', question: 'how much?' })
    heard.push(last.content)
    return last.content
  })
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<string>()
  const child = createScriptedModel(() => {
    asked.resolve()
    return answer.promise
  })
  await agents.start('agent-b', { model: child })
  const first = await agents.start('agent-a', { model: parent })
  const { outcome } = await agents.client.ask({ recipientId: 'agent-a', payload: { content: 'x' } })
  await asked.promise
  await first.stop()
  await agents.start('agent-a', { model: parent })
  answer.resolve('forty-two')
  expect((await outcome).payload.content).toContain('forty-two')
  expect(heard).toHaveLength(1)
})

it('an agent ends within 25 s although a tool takes no notice of its end', { timeout: 60_000 }, async () => {
  await using agents = await createTestAgents('embedded')
  const called = Promise.withResolvers<void>()
  const deaf = createTool({
    name: 'deaf',
    description: 'Hears nothing.',
    parameters: Type.Object({}, { additionalProperties: false }),
    kind: 'tool',
    effect: 'none',
    longestCallMs: 600_000,
    run() {
      called.resolve()
      return new Promise(() => undefined)
    },
  })
  const agent = await agents.start('agent-a', { model: createScriptedModel(() => wants('deaf', {})), tools: [deaf] })
  await agents.client.ask({ payload: { content: 'x' } })
  await called.promise
  const startMs = performance.now()
  await agent.stop()
  expect(performance.now() - startMs).toBeLessThan(25_000)
})
