import { type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { nextRetryMs, STEP_RETRY } from '@kafclaw/tasks'
import type { Settlement, StepCall } from '../step.ts'
import type { Approvals } from './approvals.ts'
import type { StepRecord } from './step-record.ts'
import { longestCallMs, type StepWork, stopIfAborted } from './step-work.ts'

/** An effect whose intent stands in the journal without a result. */
export interface Doubt {
  work: StepWork
  intent: StepRecord
  call: StepCall
}

/**
 * Settles an effect in doubt: by its tool, else by a person. Never by trying again. Throws KC_RUN_IN_DOUBT when a person
 * denies, KC_RUN_STOPPED when the signal of the call is aborted.
 */
export type SettleDoubt = (doubt: Doubt) => Promise<Exclude<Settlement, { kind: 'unknown' }>>

/** How often the clock of the log is looked at. */
const LOOK_MS = 200

export function createSettleDoubt(options: { env: Env; clockMs(): number; approvals: Approvals }): SettleDoubt {
  const { env, clockMs } = options

  /** By the clock of the log: that of this host may be an hour ahead, and the first call still under way. */
  async function untilOver({ work, intent, call }: Doubt): Promise<void> {
    const overMs = intent.atMs + longestCallMs(work)
    while (clockMs() <= overMs && !call.signal.aborted) await sleep(env, LOOK_MS, call.signal)
  }

  /** A target that cannot be asked now is asked again; when it stays away, a person has to look. */
  async function askTool({ work, call }: Doubt): Promise<Settlement> {
    for (let tried = 1; ; tried++) {
      stopIfAborted(call)
      try {
        return (await work.spec.settle?.(call)) ?? { kind: 'unknown' }
      } catch (thrown) {
        const { code } = AppError.fromUnknown(thrown, 'KC_TOOL_FAILED')
        const waitMs = nextRetryMs(STEP_RETRY, { tried, code, retryable: true })
        if (waitMs === null) return { kind: 'unknown' }
        await sleep(env, waitMs, call.signal)
      }
    }
  }

  return async (doubt) => {
    await untilOver(doubt)
    const settled = await askTool(doubt)
    stopIfAborted(doubt.call)
    return settled.kind === 'unknown' ? options.approvals.settle(doubt) : settled
  }
}
