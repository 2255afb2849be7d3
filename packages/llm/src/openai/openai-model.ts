import type { Model, ModelAnswer, ModelRequest } from '../model.ts'
import { createAnswerFold } from './answer-stream.ts'
import { type Attempt, withAttempts } from './attempts.ts'
import { toChatMessage, toChatTool } from './chat-messages.ts'
import { createEndpoint, type Endpoint, type EndpointOptions } from './endpoint.ts'
import { brokenStreamError, toModelError } from './model-error.ts'

/**
 * Any model that speaks the OpenAI chat completions protocol, always streamed. The SDK is loaded at the first call.
 * A call that failed before any of its text was heard is tried again when that can help.
 */
export function createOpenAiModel(options: EndpointOptions): Model {
  const load = createEndpoint(options)
  return {
    name: options.model,
    async complete(request) {
      request.signal.throwIfAborted()
      const endpoint = await load()
      let heard = false
      return withAttempts(options, {
        signal: request.signal,
        run: (attempt) =>
          streamAnswer({ endpoint, options, request, attempt }, (text) => {
            heard = true
            request.onText?.(text)
          }),
        toError: (thrown) => toModelError(thrown, endpoint, options),
        mayRepeat: () => !heard,
      })
    },
  }
}

interface Exchange {
  readonly endpoint: Endpoint
  readonly options: EndpointOptions
  readonly request: ModelRequest
  readonly attempt: Attempt
}

async function streamAnswer(exchange: Exchange, onText: (text: string) => void): Promise<ModelAnswer> {
  const { endpoint, options, request, attempt } = exchange
  const stream = await endpoint.client.chat.completions.create(
    {
      model: options.model,
      messages: request.messages.map(toChatMessage),
      // An empty list of tools is refused by the protocol.
      ...(request.tools.length > 0 ? { tools: request.tools.map(toChatTool) } : {}),
      stream: true,
      stream_options: { include_usage: true },
    },
    { signal: attempt.signal, timeout: options.timeoutMs ?? 600_000 },
  )
  const fold = createAnswerFold(
    request.tools.map((tool) => tool.name),
    options.model,
  )
  for await (const chunk of stream) {
    attempt.alive()
    const text = fold.add(chunk)
    if (text !== '') onText(text)
  }
  // The SDK ends an aborted stream without an error.
  attempt.signal.throwIfAborted()
  const answer = fold.finish()
  if (!answer) throw brokenStreamError(options)
  return answer
}
