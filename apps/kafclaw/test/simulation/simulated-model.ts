import { type Env, sleep } from '@kafclaw/env'
import type { Random } from '@kafclaw/env/testing'
import { createScriptedModel, type Model, type ModelRequest } from '@kafclaw/llm'
import { parsePlan } from './plan.ts'

/** A model that takes its time and does what the plan in its task says. */
export function createSimulatedModel(options: { env: Env; random: Random }): Model {
  const { env, random } = options
  return createScriptedModel(async (request) => {
    await sleep(env, random.between(1, 400), request.signal)
    request.signal.throwIfAborted()
    const plan = planOf(request)
    if (plan === null) return 'There is nothing to do.'
    const turn = request.messages.filter(({ role }) => role === 'assistant').length
    const calls = plan.turns[turn]
    if (!calls) return `${plan.name} is done`
    return {
      content: '',
      toolCalls: calls.map(({ tool, args }, index) => ({
        id: `call-${turn}-${index}`,
        name: tool,
        arguments: JSON.stringify(args),
      })),
      usage: { input_tokens: 10, output_tokens: 5 },
      model: 'simulated',
      finishReason: 'tool_calls',
    }
  })
}

function planOf({ messages }: ModelRequest) {
  const question = messages.findLast(({ role }) => role === 'user')
  return question ? parsePlan(question.content) : null
}
