/** What a run does next; it depends on the request and on what its model has answered so far. */
export interface Step {
  number: number
  name: StepName
  kind: 'model' | 'tool' | 'delegation'
  effect: 'none' | 'idempotent' | 'once'
  /** Stands for a hash: the name and all that went before. */
  inputHash: string
}

const STEPS = {
  think: { kind: 'model', effect: 'none' },
  note: { kind: 'tool', effect: 'idempotent' },
  ask: { kind: 'delegation', effect: 'idempotent' },
  pay: { kind: 'tool', effect: 'once' },
  ship: { kind: 'tool', effect: 'once' },
} as const
type StepName = keyof typeof STEPS

/** No plan pays, ships or asks twice: a task that has done so has mixed two of them, or done one step again. */
const PLANS = {
  a: ['pay'],
  b: ['note', 'think', 'pay'],
  c: ['pay', 'think', 'ask', 'ship'],
  d: ['ship', 'think', 'note', 'think', 'pay'],
} as const satisfies Record<string, readonly StepName[]>
export const PLAN_NAMES = ['a', 'b', 'c', 'd'] as const

/** The first model call chooses the plan; null when the plan is done. */
export function nextStep(request: string, outputs: readonly string[]): Step | null {
  const number = outputs.length
  const [plan] = outputs
  const name = plan === undefined ? 'think' : planOf(plan)[number - 1]
  if (name === undefined) return null
  return { number, name, ...STEPS[name], inputHash: `${name} after ${[request, ...outputs].join(', ')}` }
}

function planOf(answer: string): readonly StepName[] {
  const name = answer.charAt(0)
  return isPlan(name) ? PLANS[name] : []
}

function isPlan(name: string): name is keyof typeof PLANS {
  return name in PLANS
}
