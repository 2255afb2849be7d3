import type { AgentOptions } from '@kafclaw/agent-worker'
import { type Env, sleep } from '@kafclaw/env'
import type { Random } from '@kafclaw/env/testing'
import { AppError } from '@kafclaw/envelope'
import { LONGEST_CALL_MS, type TargetClient } from './target.ts'

type Tool = NonNullable<AgentOptions['tools']>[number]

/** Settles what became of its calls by asking the target. */
export const SETTLING = 'charge'
/** Cannot tell what became of a call: a person has to. */
export const BLIND = 'post'

/** Changes nothing, and gives more than one record can hold. */
export const LOOKUP = 'lookup'

const LARGE_CHARS = 90_000

/** The tools beside the built-in ones: those that must not act twice, and one with much to tell. */
export function createSimulatedTools(options: {
  env: Env
  random: Random
  target: TargetClient
  isFickle: boolean
}): Tool[] {
  const { env, random, target, isFickle } = options
  const common = { kind: 'tool', effect: 'once', longestCallMs: LONGEST_CALL_MS } as const
  const definitionOf = (name: string) => ({ name, description: `Does ${name}.`, parameters: { type: 'object' } })
  return [
    {
      ...common,
      definition: definitionOf(SETTLING),
      async call(args, { idempotencyKey }) {
        // Its last look at the lease may be long ago when the call leaves: the target refuses the key by then.
        if (random.flip(0.15)) await sleep(env, random.between(0, 2 * LONGEST_CALL_MS))
        return resultOf(await target.call(nameOf(args), idempotencyKey))
      },
      async settle(_args, { idempotencyKey }) {
        const effect = await target.settle(idempotencyKey)
        return effect ? { kind: 'happened', result: resultOf(effect.receipt) } : { kind: 'never' }
      },
    },
    {
      ...common,
      definition: definitionOf(BLIND),
      call: async (args, { idempotencyKey }) => resultOf(await target.call(nameOf(args), idempotencyKey)),
    },
    {
      ...common,
      effect: 'none',
      definition: definitionOf(LOOKUP),
      async call(args) {
        await sleep(env, random.between(1, 50))
        if (isFickle && random.flip(0.2)) throw new AppError('KC_TOOL_FAILED', 'It could not be looked up now.')
        const found = nameOf(args).padEnd(LARGE_CHARS, '.')
        return { status: 'completed', content: found, output: { found } }
      },
    },
  ]
}

function resultOf(receipt: string) {
  return { status: 'completed', content: JSON.stringify({ receipt }), output: { receipt } } as const
}

function nameOf(args: unknown): string {
  return typeof args === 'object' && args !== null && 'name' in args ? String(args.name) : ''
}
