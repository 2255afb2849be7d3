import { AppError, type RequestEnvelope } from '@kafclaw/envelope'
import type { Run, StepCall, StepOutcome, StepOutput, StepResult, StepSpec } from '@kafclaw/runtime'

/** A finished step of the journal. */
export interface RecordedStep {
  step: number
  kind: StepSpec['kind']
  inputHash: string | null
  result: StepResult
}

/** A step of the replay and where what it gave came from. */
export interface ReplayedStep {
  step: number
  kind: StepSpec['kind']
  name: string
  source: 'journal' | 'model'
  /** What a model was asked for anew, it did not give the same as then; null where it was not asked, or not then. */
  differs: boolean | null
  usage: StepResult['usage']
}

/** Where the replay left the journal: it can not go on without touching the world. */
export interface Divergence {
  step: number
  why: string
}

export interface ReplayedRun {
  run: Run
  steps: readonly ReplayedStep[]
  divergence(): Divergence | null
  /** Whether it came to the end of the journal, where the run had come to no answer either. */
  isAtEnd(): boolean
}

export interface ReplayOptions {
  taskId: string
  request: RequestEnvelope
  recorded: readonly RecordedStep[]
  /** Whether the run of then has given an answer, so that its journal holds all of its steps. */
  hasAnswered: boolean
  /** Whether the model is asked anew in this step. */
  asksModel(step: number): boolean
  signal: AbortSignal
}

const RUN_ID = 'replay'

/**
 * A run whose steps are answered from a journal. A step is found by its number; after a model has answered otherwise than then,
 * by what it is and what goes in. Nothing but a model is ever called.
 */
export function createReplayedRun(options: ReplayOptions): ReplayedRun {
  const { request, signal, taskId } = options
  const recorded = new Map(options.recorded.map((step) => [step.step, step]))
  const used = new Set<number>()
  const steps: ReplayedStep[] = []
  let next = 0
  let divergence: Divergence | null = null
  let isAtEnd = false

  function find(spec: StepSpec, number: number): RecordedStep | undefined {
    const same = recorded.get(number)
    if (same && !used.has(number) && isSame(same, spec)) return same
    // The model may be asked for an answer in one place of the conversation only.
    if (spec.kind === 'model') return undefined
    const others = options.recorded.filter((step) => isSame(step, spec))
    return others.find(({ step }) => !used.has(step)) ?? (spec.effect === 'none' ? others[0] : undefined)
  }

  function leave(spec: StepSpec, number: number): AppError {
    isAtEnd = !options.hasAnswered && number > Math.max(-1, ...recorded.keys())
    const why = isAtEnd ? 'the journal ends here, and so did the run' : whyNot(spec, recorded.get(number))
    if (!isAtEnd) divergence = { step: number, why }
    return new AppError('KC_RUN_NON_DETERMINISM', `Step ${number}: ${why}.`)
  }

  async function askModel(number: number, execute: (call: StepCall) => Promise<StepOutcome>): Promise<StepOutput> {
    const idempotencyKey = `${taskId}/${number}/0`
    const outcome = await execute({
      step: number,
      redo: 0,
      attempt: 1,
      idempotencyKey,
      causationId: request.id,
      signal,
    })
    if (outcome.status !== 'in_doubt') return outcome
    throw new AppError('KC_BUG', `Step ${number} asked a model, which cannot be in doubt.`)
  }

  const run: Run = {
    taskId,
    runId: RUN_ID,
    attempt: 1,
    request,
    signal,
    checkpoint() {
      if (signal.aborted) throw new AppError('KC_INTERRUPTED', 'The replay was interrupted.')
    },
    untilMayAct: async () => undefined,
    async perform(spec, execute) {
      const number = next++
      const before = recorded.get(number)
      if (spec.kind === 'model' && options.asksModel(number)) {
        const { output, name = spec.name, usage = null } = await askModel(number, execute)
        const differs = before?.kind === 'model' ? !isEqual(before.result.output, output) : null
        steps.push({ step: number, kind: spec.kind, name, source: 'model', differs, usage })
        return { status: 'completed', output, name, usage, citations: [] }
      }
      const found = find(spec, number)
      if (!found) throw leave(spec, number)
      used.add(found.step)
      const { name, usage } = found.result
      steps.push({ step: number, kind: spec.kind, name, source: 'journal', differs: null, usage })
      return found.result
    },
    ask: () => Promise.reject(new AppError('KC_BUG', 'A replayed run wanted to ask another agent.')),
    progress: () => undefined,
  }
  return { run, steps, divergence: () => divergence, isAtEnd: () => isAtEnd }
}

function isSame({ kind, inputHash, result }: RecordedStep, spec: StepSpec): boolean {
  const isNamed = spec.kind === 'model' || result.name === spec.name
  return kind === spec.kind && isNamed && (inputHash === null || inputHash === spec.inputHash)
}

function whyNot(spec: StepSpec, before: RecordedStep | undefined): string {
  const then = before ? `the journal has ${before.kind} ${before.result.name} here` : 'the journal has no such step'
  if (spec.kind !== 'model') return `the run calls ${spec.name} with ${JSON.stringify(spec.input ?? null)}, and ${then}`
  if (before?.kind !== 'model') return `the run asks the model, and ${then}`
  return 'what the model is asked differs from then: the question, the kept conversation or the result of a tool'
}

/** Outputs are JSON, written by the same code then and now. */
function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
