import { sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { StepOutcome, StepResult } from '../step.ts'
import { fenced } from './resume-run.ts'
import { callOf, type StepWork, stopIfAborted } from './step-work.ts'

/** For a tool that does not say how long its calls may take. */
const DEFAULT_LONGEST_CALL_MS = 60_000

/**
 * An effect that must not happen twice (docs/wire.md, The journal): its intent is read back as the one that holds, lease and
 * claim are looked at right before the call, and what is in doubt, from this run or an earlier one, is settled first.
 */
export async function performOnce(work: StepWork): Promise<StepResult> {
  const { options, number } = work
  const { run, rules } = options
  const watch = await work.journal()
  for (let voided = -1; ; ) {
    run.checkpoint()
    if (rules.fence && !watch.journal.mayWrite(run)) throw fenced(run)
    const known = watch.journal.step(number)
    if (known?.result) return work.replay(known.result)
    if (known?.isInDoubt && known.intent && known.intent.redo > voided && rules.settle) {
      const { intent } = known
      const call = callOf(work, intent.redo, { causationId: intent.recordId, signal: run.waitSignal() })
      const settled = await run.withoutSlot(() => options.settleDoubt({ work, intent, call }))
      if (settled.kind === 'happened') return work.finish(intent.redo, settled.result, intent.recordId)
      voided = intent.redo
      continue
    }
    const redo = known?.nextRedo ?? 0
    const intentId = await work.intend(redo)
    if (rules.readBack) {
      const counts = await watch.readBack(intentId, run.signal)
      if (!counts && rules.fence) throw fenced(run)
      if (counts && !watch.journal.ownsEffect({ recordId: intentId, step: number, redo })) continue
    }
    await run.untilMayAct()
    if (!run.holdsClaim()) throw new AppError('KC_RUN_STOPPED', 'The run stops: it does not hold its task any more.')
    const outcome = await callInTime(work, redo, intentId)
    if (outcome.status !== 'in_doubt') return work.finish(redo, outcome, intentId)
    if (!rules.doubtAfterTimeout) voided = redo
    // The next round looks into the journal, which knows the intent once it has been read back.
    else await watch.readBack(intentId, run.signal)
  }
}

/** A call that takes longer than it may is left alone: what became of it is not known. */
async function callInTime(work: StepWork, redo: number, causationId: string): Promise<StepOutcome> {
  const { run, env } = work.options
  const timeout = new AbortController()
  const signal = AbortSignal.any([run.signal, timeout.signal])
  const longestMs = work.spec.longestCallMs ?? DEFAULT_LONGEST_CALL_MS
  const late = sleep(env, longestMs, signal).then((): StepOutcome => ({ status: 'in_doubt' }))
  try {
    const outcome = await Promise.race([work.execute(callOf(work, redo, { causationId, signal })), late])
    // What is known is written, also by a run that has to stop now; its result counts with its intent.
    if (outcome.status === 'in_doubt') stopIfAborted(run)
    return outcome
  } finally {
    timeout.abort('the call took longer than it may')
  }
}
