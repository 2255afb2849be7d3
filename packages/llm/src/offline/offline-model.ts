import type { Message, Model, ModelAnswer, ModelRequest, ToolCall } from '../model.ts'
import { textAnswer } from '../scripted-model.ts'
import { reportResult } from './report.ts'
import { parseSentence, type Sentence } from './sentence.ts'

const NAME = 'kafclaw-offline'

const INTRODUCTION =
  "I am KafClaw's built-in offline model: no network, no key, and no wits beyond a few plain sentences. Try:\n" +
  '- remember that <fact>\n' +
  '- what do you know about <subject>?\n' +
  '- ask <agent>: <question>\n' +
  'For real conversations set KAFCLAW_MODEL_URL, KAFCLAW_MODEL and KAFCLAW_MODEL_KEY.'

/**
 * The model that answers when none is configured. It is deterministic and keeps nothing between calls: what it says
 * follows from the last user message and the tool results after it. Its sentences are listed in docs/offline-model.md.
 */
export function createOfflineModel(): Model {
  return {
    name: NAME,
    async complete(request) {
      request.signal.throwIfAborted()
      const answer = decideAnswer(request)
      if (request.onText)
        for (const piece of answer.content.match(/\S*\s*/gu) ?? []) if (piece !== '') request.onText(piece)
      return answer
    },
  }
}

function decideAnswer(request: ModelRequest): ModelAnswer {
  const asked = request.messages.findLastIndex((message) => message.role === 'user')
  const sentence = parseSentence(request.messages[asked]?.content ?? '')
  const since = request.messages.slice(asked + 1)
  const result = since.findLast((message) => message.role === 'tool')
  const called = result && findCall(since, result.toolCallId)
  if (result && called) return textAnswer(reportResult(sentence, called, result.content), NAME)
  const wanted = toCall(sentence)
  if (wanted === null) return textAnswer(INTRODUCTION, NAME)
  if (!request.tools.some((tool) => tool.name === wanted.name)) {
    return textAnswer(
      `${INTRODUCTION}\nFor that sentence I need the tool ${wanted.name}, which I was not given here.`,
      NAME,
    )
  }
  const call = {
    id: `call_${countCalls(request.messages) + 1}`,
    name: wanted.name,
    arguments: JSON.stringify(wanted.arguments),
  }
  return { content: '', toolCalls: [call], usage: null, model: NAME, finishReason: 'tool_calls' }
}

function toCall(sentence: Sentence): { name: string; arguments: object } | null {
  switch (sentence.kind) {
    case 'remember':
      return { name: 'memory.remember', arguments: { content: sentence.content } }
    case 'recall':
      return { name: 'memory.recall', arguments: { query: sentence.query } }
    case 'ask':
      return { name: 'ask_agent', arguments: { agent: sentence.agent, question: sentence.question } }
    case 'other':
      return null
  }
}

function findCall(messages: readonly Message[], id: string): ToolCall | undefined {
  return messages
    .flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []))
    .findLast((call) => call.id === id)
}

function countCalls(messages: readonly Message[]): number {
  return messages.reduce(
    (count, message) => count + (message.role === 'assistant' ? (message.toolCalls?.length ?? 0) : 0),
    0,
  )
}
