import { sha256 } from '@kafclaw/envelope'
import type { Run, RunHandler, StepSpec } from '../src/index.ts'
import type { EffectLedger } from './effect-ledger.ts'

/** Where a run can be killed: before, within and after what each step does. */
export const POINTS = ['draft', 'charge', 'check', 'note', 'answer'].flatMap((step) => [
  `before ${step}`,
  `after ${step}`,
])

export interface Gate {
  /** Resolves when the run has come to the point; it stays there for good. */
  readonly reached: Promise<void>
  at(point: string): Promise<void>
}

/** Stops the first run that comes to `point`, as a killed process stops: for ever. */
export function createGate(point: string | null): Gate {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  let isOpen = false
  return {
    reached,
    at(current) {
      if (current !== point || isOpen) return Promise.resolve()
      isOpen = true
      resolve()
      return new Promise(() => undefined)
    },
  }
}

export interface FiveSteps {
  handler: RunHandler
  /** Names of the steps that were executed, in order, in all runs. */
  readonly executed: string[]
  /** Attempts of the runs that called the charge. */
  readonly chargedBy: number[]
}

/** A run of five steps: a model, a charge that must not happen twice, a model, a note that may, and a model. */
export function createFiveSteps(options: { ledger: EffectLedger; gate: Gate; more?: Partial<StepSpec> }): FiveSteps {
  const { ledger, gate } = options
  const executed: string[] = []
  const chargedBy: number[] = []

  function step(run: Run, name: string, more: Partial<StepSpec> = {}): Promise<unknown> {
    const spec: StepSpec = { kind: 'model', name, inputHash: sha256(name), effect: 'none', ...more }
    return run
      .perform(spec, async ({ idempotencyKey }) => {
        await gate.at(`before ${name}`)
        executed.push(name)
        if (name === 'charge') chargedBy.push(run.attempt)
        const output = spec.effect === 'none' ? name : await ledger.act(idempotencyKey)
        await gate.at(`after ${name}`)
        return { status: 'completed', output }
      })
      .then(({ output }) => output)
  }

  const charge: Partial<StepSpec> = {
    kind: 'tool',
    effect: 'once',
    longestCallMs: 100,
    async settle({ idempotencyKey }) {
      const settled = ledger.settle(idempotencyKey)
      if (settled.kind === 'never') return settled
      return { kind: 'happened', result: { status: 'completed', output: settled.receipt } }
    },
    ...options.more,
  }

  return {
    executed,
    chargedBy,
    async handler(run) {
      const outputs = [
        await step(run, 'draft'),
        await step(run, 'charge', charge),
        await step(run, 'check'),
        await step(run, 'note', { kind: 'tool', effect: 'idempotent' }),
        await step(run, 'answer'),
      ]
      return { status: 'completed', content: outputs.join(' / ') }
    },
  }
}
