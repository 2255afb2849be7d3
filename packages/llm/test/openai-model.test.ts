import { createSystemEnv } from '@kafclaw/env'
import { describe, expect, it } from 'vitest'
import { createOpenAiModel, type EndpointOptions, type ModelRequest } from '../src/index.ts'
import { type ChatServer, callChunk, sendChunks, sendError, startChatServer, textChunk } from './chat-server.ts'
import { REMEMBER_TOOL } from './model-contract.ts'

const KEY = 'secret-key-0123456789'
const env = createSystemEnv()

function modelAt(server: Pick<ChatServer, 'url'>, more: Partial<EndpointOptions> = {}) {
  return createOpenAiModel({ url: server.url, model: 'm', key: KEY, env, retries: 0, ...more })
}

function ask(more: Partial<ModelRequest> = {}): ModelRequest {
  return { messages: [{ role: 'user', content: 'hi' }], tools: [], signal: new AbortController().signal, ...more }
}

describe('errors of an endpoint', () => {
  const cases = [
    [401, { message: `Incorrect API key provided: ${KEY}` }, 'KC_MODEL_AUTHENTICATION', false],
    [403, { message: 'no' }, 'KC_MODEL_AUTHENTICATION', false],
    [429, { message: 'slow down' }, 'KC_MODEL_RATE_LIMITED', true],
    [429, { message: 'pay first', code: 'insufficient_quota' }, 'KC_MODEL_REJECTED', false],
    [400, { message: 'context too long' }, 'KC_MODEL_REJECTED', false],
    [404, { message: 'no such model' }, 'KC_MODEL_REJECTED', false],
    [408, { message: 'late' }, 'KC_MODEL_TIMEOUT', true],
    [504, { message: 'late' }, 'KC_MODEL_TIMEOUT', true],
    [500, { message: 'oops' }, 'KC_MODEL_UNREACHABLE', true],
    [503, { message: 'busy' }, 'KC_MODEL_UNREACHABLE', true],
  ] as const

  it.each(cases)('turns %i %o into %s and never shows the key', async (status, body, code, retryable) => {
    await using server = await startChatServer(sendError(status, body))
    const error = await modelAt(server)
      .complete(ask())
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, retryable, details: { status } })
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain(KEY)
    expect(String(error)).toContain(server.url)
  })

  it('names an address where nobody listens', async () => {
    const server = await startChatServer()
    await server[Symbol.asyncDispose]()
    await expect(modelAt(server).complete(ask())).rejects.toMatchObject({
      code: 'KC_MODEL_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('takes an address that is no URL for unreachable, with the reason', async () => {
    await expect(modelAt({ url: 'not a url' }).complete(ask())).rejects.toMatchObject({ code: 'KC_MODEL_UNREACHABLE' })
  })

  it.each(['cut', 'destroyed'] as const)('never takes a stream that was %s for a whole answer', async (end) => {
    await using server = await startChatServer(sendChunks([textChunk('The code is 73')], end))
    await expect(modelAt(server).complete(ask())).rejects.toMatchObject({ code: 'KC_MODEL_UNREACHABLE' })
  })

  it('reports an error that comes inside the stream', async () => {
    await using server = await startChatServer(sendChunks([textChunk('The'), { error: { message: 'overloaded' } }]))
    await expect(modelAt(server).complete(ask())).rejects.toMatchObject({
      code: 'KC_MODEL_UNREACHABLE',
      message: expect.stringContaining('overloaded'),
    })
  })

  it('gives up on an endpoint that falls silent', async () => {
    await using server = await startChatServer(sendChunks([textChunk('The')], 'silent'))
    const model = modelAt(server, { idleTimeoutMs: 50 })
    await expect(model.complete(ask())).rejects.toMatchObject({ code: 'KC_MODEL_TIMEOUT', retryable: true })
  })

  it('gives up on an endpoint that never answers', async () => {
    await using server = await startChatServer(() => {})
    await expect(modelAt(server, { timeoutMs: 50 }).complete(ask())).rejects.toMatchObject({ code: 'KC_MODEL_TIMEOUT' })
  })
})

describe('trying again', () => {
  const limited = sendError(429, { message: 'slow down' }, { 'retry-after-ms': '1' })

  it('waits as long as the endpoint asks and tries again', async () => {
    await using server = await startChatServer(limited, limited, sendChunks([textChunk('done', 'stop')]))
    await expect(modelAt(server, { retries: 2 }).complete(ask())).resolves.toMatchObject({ content: 'done' })
    expect(server.requests).toHaveLength(3)
  })

  it('stops after the allowed number of tries', async () => {
    await using server = await startChatServer(limited)
    await expect(modelAt(server, { retries: 1 }).complete(ask())).rejects.toMatchObject({
      code: 'KC_MODEL_RATE_LIMITED',
    })
    expect(server.requests).toHaveLength(2)
  })

  it('does not wait for an endpoint that asks for minutes', async () => {
    await using server = await startChatServer(sendError(429, { message: 'later' }, { 'retry-after': '600' }))
    await expect(modelAt(server, { retries: 2 }).complete(ask())).rejects.toMatchObject({
      code: 'KC_MODEL_RATE_LIMITED',
    })
    expect(server.requests).toHaveLength(1)
  })

  it('does not try a refused key again', async () => {
    await using server = await startChatServer(sendError(401, { message: 'no' }))
    await expect(modelAt(server, { retries: 2 }).complete(ask())).rejects.toMatchObject({
      code: 'KC_MODEL_AUTHENTICATION',
    })
    expect(server.requests).toHaveLength(1)
  })

  it('never streams one answer twice: what was heard is not asked for again', async () => {
    await using server = await startChatServer(
      sendChunks([textChunk('The')], 'cut'),
      sendChunks([textChunk('x', 'stop')]),
    )
    const heard: string[] = []
    const answer = modelAt(server, { retries: 2 }).complete(ask({ onText: (text) => heard.push(text) }))
    await expect(answer).rejects.toMatchObject({ code: 'KC_MODEL_UNREACHABLE' })
    expect(heard).toEqual(['The'])
  })
})

describe('the protocol', () => {
  it('ends a stream at once when it is aborted in the middle, with the reason of the signal', async () => {
    await using server = await startChatServer(sendChunks([textChunk('The')], 'silent'))
    const abort = new AbortController()
    const reason = new Error('cancelled')
    const answer = modelAt(server).complete(ask({ signal: abort.signal, onText: () => abort.abort(reason) }))
    await expect(answer).rejects.toBe(reason)
  })

  it('puts tool calls together from pieces, also when a server gives every call the index 0', async () => {
    await using server = await startChatServer(
      sendChunks([
        callChunk({ index: 0, id: 'a', function: { name: 'memory__remember', arguments: '' } }),
        callChunk({ index: 0, function: { arguments: '{"content":' } }),
        callChunk({ index: 0, function: { arguments: '"x"}' } }),
        callChunk({ index: 0, id: 'b', function: { name: 'made__up', arguments: '{}' } }, 'tool_calls'),
      ]),
    )
    const answer = await modelAt(server).complete(ask({ tools: [REMEMBER_TOOL] }))
    expect(answer.toolCalls).toEqual([
      { id: 'a', name: 'memory.remember', arguments: '{"content":"x"}' },
      { id: 'b', name: 'made.up', arguments: '{}' },
    ])
  })

  it('sends the conversation, tools without dots, and asks for the usage', async () => {
    await using server = await startChatServer(
      sendChunks([
        textChunk('ok', 'stop'),
        { model: 'm-2026', choices: [], usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 } },
      ]),
    )
    const toolCalls = [{ id: 'a', name: 'memory.remember', arguments: '{}' }]
    const answer = await modelAt(server).complete(
      ask({
        tools: [REMEMBER_TOOL],
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'assistant', content: '', toolCalls },
          { role: 'tool', toolCallId: 'a', content: 'ok' },
        ],
      }),
    )
    expect(answer).toMatchObject({ usage: { input_tokens: 12, output_tokens: 3 }, model: 'm-2026' })
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(server.requests[0]?.body).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
      tools: [{ type: 'function', function: { name: 'memory__remember', parameters: REMEMBER_TOOL.parameters } }],
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: null, tool_calls: [{ id: 'a', function: { name: 'memory__remember' } }] },
        { role: 'tool', tool_call_id: 'a', content: 'ok' },
      ],
    })
  })

  it.each([undefined, ''])('sends no key when it is %j, and no empty list of tools', async (key) => {
    await using server = await startChatServer(sendChunks([textChunk('ok', 'stop')]))
    await modelAt(server, { key }).complete(ask())
    expect(server.requests[0]?.headers.authorization).toBeUndefined()
    expect(server.requests[0]?.body).not.toHaveProperty('tools')
  })
})
