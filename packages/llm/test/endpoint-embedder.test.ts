import type { ServerResponse } from 'node:http'
import { LLMock } from '@copilotkit/aimock'
import { createSystemEnv } from '@kafclaw/env'
import { expect, it } from 'vitest'
import { createEndpointEmbedder } from '../src/index.ts'
import { sendError, startChatServer } from './chat-server.ts'

const env = createSystemEnv()
const options = { model: 'embed-test', key: 'sk-test-key', env, retries: 0 }

it('returns vectors of length 1 and knows their dimension from the first answer on', async () => {
  const server = new LLMock({ port: 0 })
  server.onEmbedding('east', { embedding: [3, 4, 0] })
  await server.start()
  try {
    const embedder = createEndpointEmbedder({ ...options, url: `${server.url}/v1` })
    expect(embedder.dimension).toBeNull()
    const [vector] = await embedder.embed(['east'])
    expect(Array.from(vector ?? [], (value) => value.toFixed(2))).toEqual(['0.60', '0.80', '0.00'])
    expect(embedder.dimension).toBe(3)
  } finally {
    await server.stop()
  }
})

it('keeps the order of the texts over several calls, in whatever order the rows come', async () => {
  const rows = (count: number, value: number) =>
    Array.from({ length: count }, (_, index) => ({ index, embedding: [index + 1, value] })).reverse()
  await using server = await startChatServer(sendRows(rows(64, 1)), sendRows(rows(64, 2)), sendRows(rows(2, 3)))
  const vectors = await createEndpointEmbedder({ ...options, url: server.url }).embed(Array<string>(130).fill('text'))
  const ratios = vectors.map((vector) => Math.round((vector[0] ?? 0) / (vector[1] ?? 1)))
  expect(vectors).toHaveLength(130)
  expect([ratios[0], ratios[63], ratios[65]]).toEqual([1, 64, 1])
  expect(ratios.slice(128)).toEqual([0, 1])
  expect(server.requests.map((request) => request.body.encoding_format)).toEqual(['float', 'float', 'float'])
})

it.each([
  [{ data: [] }, '0 vectors for 1 texts'],
  [{ data: [{ index: 0, embedding: [] }] }, 'an empty vector'],
  [{ data: [{ index: 0, embedding: ['x'] }] }, 'no numbers'],
  [{}, '0 vectors for 1 texts'],
])('refuses the answer %j', async (body, reason) => {
  await using server = await startChatServer(sendJson(body))
  const embedding = createEndpointEmbedder({ ...options, url: server.url }).embed(['a'])
  await expect(embedding).rejects.toMatchObject({ code: 'KC_MODEL_REJECTED', message: expect.stringContaining(reason) })
})

it('fails with the codes of a model', async () => {
  await using server = await startChatServer(sendError(401, { message: 'no' }))
  const embedding = createEndpointEmbedder({ ...options, url: server.url }).embed(['a'])
  await expect(embedding).rejects.toMatchObject({ code: 'KC_MODEL_AUTHENTICATION' })
})

function sendRows(data: readonly object[]) {
  return sendJson({ data })
}

function sendJson(body: object) {
  return (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}
