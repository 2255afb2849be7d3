import type { OpenAI } from 'openai'
import type { Message, ToolDefinition } from '../model.ts'
import { toFunctionName } from './tool-name.ts'

type ChatMessage = OpenAI.Chat.Completions.ChatCompletionMessageParam
type ChatTool = OpenAI.Chat.Completions.ChatCompletionTool

export function toChatMessage(message: Message): ChatMessage {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: message.content }
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.content }
    case 'assistant': {
      if (!message.toolCalls?.length) return { role: 'assistant', content: message.content }
      const calls = message.toolCalls.map((call) => ({
        id: call.id,
        type: 'function' as const,
        function: { name: toFunctionName(call.name), arguments: call.arguments },
      }))
      return { role: 'assistant', content: message.content === '' ? null : message.content, tool_calls: calls }
    }
  }
}

export function toChatTool(tool: ToolDefinition): ChatTool {
  const parameters: Record<string, unknown> = { ...tool.parameters }
  return { type: 'function', function: { name: toFunctionName(tool.name), description: tool.description, parameters } }
}
