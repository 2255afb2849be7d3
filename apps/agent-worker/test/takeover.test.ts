import { decode, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { createScriptedModel } from '@kafclaw/llm'
import type { Tool } from '@kafclaw/tools'
import { expect, it } from 'vitest'
import { createTestAgents } from './agents.ts'

/** A tool that tells when it is called, and waits. */
function createSlowTool() {
  const called = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const slow: Tool = {
    definition: { name: 'slow', description: 'Takes its time.', parameters: { type: 'object' } },
    kind: 'tool',
    effect: 'none',
    longestCallMs: 60_000,
    async call() {
      called.resolve()
      await goOn.promise
      return { status: 'completed', content: 'slowly done' }
    },
  }
  return { slow, called, goOn }
}

const CALL = { id: 'call_1', name: 'slow', arguments: '{}' }

it('another agent goes on where the first has stopped, although its instructions name itself', async () => {
  await using agents = await createTestAgents('embedded')
  const { slow, called, goOn } = createSlowTool()
  const asked: string[] = []
  const modelOf = (agentId: string) =>
    createScriptedModel(({ messages }) => {
      asked.push(agentId)
      const last = messages.at(-1)
      if (last?.role === 'tool') return `${agentId} heard ${last.content}`
      return { content: '', toolCalls: [CALL], usage: null, model: 'scripted', finishReason: 'tool_calls' }
    })
  const first = await agents.start('agent-a', { model: modelOf('agent-a'), tools: [slow] })
  const { taskId, outcome } = await agents.client.ask({ payload: { content: 'x' } })
  await called.promise
  await agents.start('agent-b', { model: modelOf('agent-b'), tools: [slow] })
  const stopped = first.stop()
  goOn.resolve()
  await stopped
  expect((await outcome).payload).toMatchObject({ status: 'completed', content: 'agent-b heard slowly done' })
  // The first answer of the model was paid once, and the tool was called once.
  expect(asked).toEqual(['agent-a', 'agent-b'])
  const traces = (await readAll(agents.host.log, [topicName(agents.scope, 'traces')])).map((record) => decode(record))
  const steps = traces.flatMap((decoded) =>
    decoded.kind === 'envelope' && decoded.envelope.type === 'trace' && decoded.envelope.correlation_id === taskId
      ? [`${decoded.envelope.sender_id} ${decoded.envelope.payload.phase} ${decoded.envelope.payload.step}`]
      : [],
  )
  expect(steps).toEqual(['agent-a result 0', 'agent-a result 1', 'agent-b started null', 'agent-b result 2'])
})

it('another agent goes on with a conversation that it has never heard', async () => {
  await using agents = await createTestAgents('embedded')
  const { slow, called, goOn } = createSlowTool()
  const model = createScriptedModel(({ messages }) => {
    const said = messages.filter(({ role }) => role !== 'system').map(({ content }) => content)
    if (said.at(-1) !== 'two') return said.join(' | ')
    return { content: '', toolCalls: [CALL], usage: null, model: 'scripted', finishReason: 'tool_calls' }
  })
  const input = { session: 's1' }
  const first = await agents.start('agent-a', { model, tools: [slow] })
  await (await agents.client.ask({ payload: { content: 'one', input } })).outcome
  const { outcome } = await agents.client.ask({ payload: { content: 'two', input } })
  await called.promise
  await agents.start('agent-b', { model, tools: [slow] })
  const stopped = first.stop()
  goOn.resolve()
  await stopped
  expect((await outcome).payload).toMatchObject({
    status: 'completed',
    agent_id: 'agent-b',
    content: 'one | one | two |  | slowly done',
  })
})
