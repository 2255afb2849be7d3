import type { OpenAI } from 'openai'
import type { ModelAnswer, ToolCall } from '../model.ts'
import { fromFunctionName } from './tool-name.ts'

type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk
type CallDelta = OpenAI.Chat.Completions.ChatCompletionChunk.Choice.Delta.ToolCall

export interface AnswerFold {
  /** Takes the next piece and returns the text in it, which may be empty. */
  add(chunk: Chunk): string
  /** The whole answer, or null when the stream ended before the model had finished. */
  finish(): ModelAnswer | null
}

interface CallParts {
  id: string
  name: string
  arguments: string
}

/** Puts the pieces of a streamed answer together. */
export function createAnswerFold(toolNames: readonly string[], model: string): AnswerFold {
  const calls: CallParts[] = []
  const byIndex = new Map<number, CallParts>()
  const answer = { content: '', model, finishReason: '', usage: null as ModelAnswer['usage'] }

  function addCall(delta: CallDelta, position: number): void {
    const index = delta.index ?? position
    let call = byIndex.get(index)
    // Some servers give every call the index 0; only the id tells them apart.
    if (!call || (delta.id && call.id !== '' && delta.id !== call.id)) {
      call = { id: '', name: '', arguments: '' }
      byIndex.set(index, call)
      calls.push(call)
    }
    if (delta.id) call.id = delta.id
    call.name += delta.function?.name ?? ''
    call.arguments += delta.function?.arguments ?? ''
  }

  function finishedCall(call: CallParts, index: number): ToolCall {
    const name = fromFunctionName(call.name, toolNames)
    return { id: call.id || `call_${index + 1}`, name, arguments: call.arguments }
  }

  return {
    add(chunk) {
      if (chunk.model) answer.model = chunk.model
      if (chunk.usage) {
        answer.usage = { input_tokens: chunk.usage.prompt_tokens, output_tokens: chunk.usage.completion_tokens }
      }
      // The last chunk carries the usage and no choice.
      const choice = chunk.choices?.[0]
      if (!choice) return ''
      if (choice.finish_reason) answer.finishReason = choice.finish_reason
      choice.delta?.tool_calls?.forEach(addCall)
      const text = `${choice.delta?.content ?? ''}${choice.delta?.refusal ?? ''}`
      answer.content += text
      return text
    },
    finish: () => (answer.finishReason === '' ? null : { ...answer, toolCalls: calls.map(finishedCall) }),
  }
}
