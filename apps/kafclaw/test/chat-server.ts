import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

interface ChatMessage {
  role: string
  content: string
}

/** A model endpoint that speaks the OpenAI chat protocol and streams its answer word by word; ends with the scope. */
export async function startChatServer(answer: (question: string, turnsBefore: number) => string) {
  const server = createServer(async (request, response) => {
    const { messages }: { messages: ChatMessage[] } = JSON.parse(await bodyOf(request))
    const turns = messages.filter(({ role }) => role !== 'system')
    const text = answer(turns.at(-1)?.content ?? '', turns.length - 1)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const piece of text.split(/(?<= )/))
      response.write(`data: ${JSON.stringify(chunkOf({ content: piece }, null))}\n\n`)
    response.end(`data: ${JSON.stringify(chunkOf({}, 'stop'))}\n\ndata: [DONE]\n\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function chunkOf(delta: object, finishReason: string | null) {
  return {
    id: 'chat-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'test-model',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
