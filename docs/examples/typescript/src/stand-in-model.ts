import { createScriptedModel, type Model } from '@kafclaw/llm'

/** Understands "order 3 chairs" and nothing else, so that the example can be tried without a model. */
export function createStandInModel(): Model {
  return createScriptedModel(({ messages }) => {
    const last = messages.at(-1)
    if (last?.role === 'tool') return `The shop says: ${last.content}`
    const [, quantity, item] = /order (\d+) (\S+)/.exec(last?.content ?? '') ?? []
    if (quantity === undefined) return 'This is a stand-in for a model. Say for example: order 3 chairs'
    const args = JSON.stringify({ item, quantity: Number(quantity) })
    const toolCalls = [{ id: 'call_1', name: 'shop.order', arguments: args }]
    return { content: '', toolCalls, usage: null, model: 'stand-in', finishReason: 'tool_calls' }
  })
}
