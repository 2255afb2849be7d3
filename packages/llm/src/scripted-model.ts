import type { Model, ModelAnswer, ModelRequest } from './model.ts'

/** Says what to answer to a request; a bare text is an answer without tool calls. */
export type Script = (request: ModelRequest, turn: number) => ModelAnswer | string | Promise<ModelAnswer | string>

/** A model that does what a test or a benchmark tells it to; it takes no time of its own. */
export function createScriptedModel(script: Script): Model {
  let turn = 0
  return {
    name: 'scripted',
    async complete(request) {
      request.signal.throwIfAborted()
      const scripted = await script(request, turn++)
      request.signal.throwIfAborted()
      const answer = typeof scripted === 'string' ? textAnswer(scripted, 'scripted') : scripted
      if (answer.content !== '') request.onText?.(answer.content)
      return answer
    },
  }
}

/** An answer of text only, for models that count no tokens. */
export function textAnswer(content: string, model: string): ModelAnswer {
  return { content, toolCalls: [], usage: null, model, finishReason: 'stop' }
}
