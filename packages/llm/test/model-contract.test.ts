import { LLMock } from '@copilotkit/aimock'
import { createSystemEnv } from '@kafclaw/env'
import { afterAll, beforeAll } from 'vitest'
import { createOfflineModel, createOpenAiModel, createScriptedModel } from '../src/index.ts'
import { CONTRACT_FACT, describeModelContract } from './model-contract.ts'

const server = new LLMock({ port: 0, chunkSize: 4 })
const call = { id: 'call_abc', arguments: JSON.stringify({ content: CONTRACT_FACT }) }

beforeAll(async () => {
  server.onMessage('hello', { content: 'Hello! I am the model behind the endpoint, «naïve» 🌍.' })
  server.on(
    { userMessage: /^remember that/, hasToolResult: false },
    { toolCalls: [{ ...call, name: 'memory__remember' }] },
  )
  server.on({ toolCallId: call.id }, { content: 'I have stored it.' })
  await server.start()
})
afterAll(() => server.stop())

describeModelContract('openai', () =>
  createOpenAiModel({ url: `${server.url}/v1`, model: 'gpt-test', key: 'sk-test-key', env: createSystemEnv() }),
)
describeModelContract('offline', createOfflineModel)
describeModelContract('scripted', () =>
  createScriptedModel(({ messages }) => {
    if (messages.at(-1)?.role === 'tool') return 'I have stored it.'
    if (messages.at(-1)?.content === 'hello') return 'Hello!'
    const toolCalls = [{ ...call, name: 'memory.remember' }]
    return { content: '', toolCalls, usage: null, model: 'scripted', finishReason: 'tool_calls' }
  }),
)
