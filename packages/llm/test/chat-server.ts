import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ChatServer extends AsyncDisposable {
  readonly url: string
  /** Parsed bodies and headers of the requests so far. */
  readonly requests: { body: Record<string, unknown>; headers: IncomingMessage['headers'] }[]
}

/** A real HTTP server whose answers misbehave in the way that a test says; the n-th request gets the n-th answer. */
export async function startChatServer(...answers: ((response: ServerResponse) => void)[]): Promise<ChatServer> {
  const requests: ChatServer['requests'] = []
  const server = createServer(async (request, response) => {
    const body: Buffer[] = []
    for await (const piece of request) body.push(piece)
    requests.push({ body: JSON.parse(Buffer.concat(body).toString()), headers: request.headers })
    answers[Math.min(requests.length, answers.length) - 1]?.(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export function sendError(status: number, error: object, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ error }))
  }
}

/** Sends the chunks as server-sent events; `end` says how the stream closes. */
export function sendChunks(chunks: readonly object[], end: 'done' | 'cut' | 'silent' | 'destroyed' = 'done') {
  return (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    if (end === 'done') response.end('data: [DONE]\n\n')
    if (end === 'cut') response.end()
    if (end === 'destroyed') setImmediate(() => response.destroy())
  }
}

export function textChunk(content: string, finishReason: string | null = null): object {
  return { model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: finishReason }] }
}

export function callChunk(call: object, finishReason: string | null = null): object {
  return { model: 'm', choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: finishReason }] }
}
