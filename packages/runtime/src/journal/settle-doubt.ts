import { type Env, sleep } from '@kafclaw/env'
import type { Settlement, StepCall } from '../step.ts'
import type { Approvals } from './approvals.ts'
import type { StepRecord } from './step-record.ts'
import type { StepWork } from './step-work.ts'

/** An effect whose intent stands in the journal without a result. */
export interface Doubt {
  work: StepWork
  intent: StepRecord
  call: StepCall
}

/** Settles an effect in doubt: by its tool, else by a person. Never by trying again. Throws KC_RUN_IN_DOUBT when a person denies. */
export type SettleDoubt = (doubt: Doubt) => Promise<Exclude<Settlement, { kind: 'unknown' }>>

/** How often the clock of the log is looked at. */
const LOOK_MS = 200

export function createSettleDoubt(options: { env: Env; clockMs(): number; approvals: Approvals }): SettleDoubt {
  const { env, clockMs } = options

  /** By the clock of the log: that of this host may be an hour ahead, and the first call still under way. */
  async function untilOver({ work, intent, call }: Doubt): Promise<void> {
    const overMs = intent.atMs + (work.spec.longestCallMs ?? 0)
    while (clockMs() <= overMs && !call.signal.aborted) await sleep(env, LOOK_MS, call.signal)
  }

  return async (doubt) => {
    const { work, call } = doubt
    const { run } = work.options
    await untilOver(doubt)
    run.checkpoint()
    const settled = await work.spec.settle?.(call)
    run.checkpoint()
    if (settled && settled.kind !== 'unknown') return settled
    return options.approvals.settle(doubt)
  }
}
