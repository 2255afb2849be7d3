import { type Env, sleep } from '@kafclaw/env'
import { sha256 } from '@kafclaw/envelope'
import type { Run, RunOutcome, StepCall, StepOutcome } from '@kafclaw/runtime'
import type { work as configured } from './config.ts'
import type { LedgerClient } from './ledger-client.ts'

interface Stepping {
  env: Env
  ledger: LedgerClient | null
  /** Waits, perhaps for leases, between the intent of a call and its effect. */
  stopInCall(): Promise<void>
  work: typeof configured
}

/** The outcome of a run says what each of its steps gave: the journal has to say the same. */
export async function runSteps(stepping: Stepping, run: Run): Promise<RunOutcome> {
  const { work } = stepping
  const outputs: unknown[] = []
  for (let step = 0; step < work.steps; step++) {
    const { output } = step === work.once?.at ? await callOnce(stepping, run) : await pass(stepping, run, step)
    outputs.push(output)
  }
  return { status: 'completed', content: `${work.steps} steps`, output: { steps: outputs } }
}

function pass({ env, ledger, work }: Stepping, run: Run, step: number) {
  return run.perform(
    { kind: 'tool', name: 'chaos.step', inputHash: sha256(String(step)), effect: 'none' },
    async (call) => {
      await sleep(env, work.stepMs, call.signal)
      await ledger?.note(run, call)
      return { status: 'completed', output: `${run.runId}/${step}` }
    },
  )
}

function callOnce({ ledger, stopInCall, work }: Stepping, run: Run) {
  const { once } = work
  if (!ledger || !once) throw new Error('a step with an effect needs a ledger')
  return run.perform(
    {
      kind: 'tool',
      name: 'chaos.once',
      inputHash: sha256(`once ${once.at}`),
      effect: 'once',
      longestCallMs: once.longestCallMs,
      ...(once.settles ? { settle: (call) => ledger.settle(run, call) } : {}),
    },
    async (call: StepCall): Promise<StepOutcome> => {
      await stopInCall()
      const receipt = await ledger.call(run, call, once.callMs)
      return receipt === null ? { status: 'in_doubt' } : { status: 'completed', output: receipt }
    },
  )
}
