import { type Env, sleep } from '@kafclaw/env'
import type { Random } from '@kafclaw/env/testing'
import { AppError } from '@kafclaw/envelope'
import { createScriptedModel, type Message, type Model } from '@kafclaw/llm'
import { parsePlan } from './plan.ts'
import type { Reached } from './world.ts'

/** A model that takes its time and does what the plan in its task says; a fickle one not always in the same order, or at all. */
export function createSimulatedModel(options: {
  env: Env
  random: Random
  isFickle: boolean
  reach(what: Reached): void
}): Model {
  const { env, random, isFickle, reach } = options
  return createScriptedModel(async ({ messages, signal }) => {
    await sleep(env, random.between(1, 400), signal)
    signal.throwIfAborted()
    if (isFickle && random.flip(0.05)) {
      reach('model failed')
      throw new AppError('KC_MODEL_UNREACHABLE', 'The model cannot be reached.')
    }
    const asked = messages.findLastIndex(({ role }) => role === 'user')
    const plan = parsePlan(messages[asked]?.content ?? '')
    if (plan === null) return 'There is nothing to do.'
    const turn = messages.slice(asked).filter(isAnswer).length
    const planned = plan.turns[turn]
    if (!planned) return `${plan.name} is done`
    const calls = isFickle && random.flip(0.5) ? planned.toReversed() : planned
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

const isAnswer = ({ role }: Message): boolean => role === 'assistant'
