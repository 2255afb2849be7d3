import { sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { nextRetryMs, STEP_RETRY } from '@kafclaw/tasks'
import type { Settlement, StepOutcome, StepOutput, StepResult } from '../step.ts'
import type { JournalWatch } from './journal-watch.ts'
import { fenced } from './resume-run.ts'
import type { StepRecord } from './step-record.ts'
import { callOf, longestCallMs, type StepWork, stopIfAborted, waitToTryAgain } from './step-work.ts'

/** The calls of this run that have failed; why the last one did. */
interface Failures {
  count: number
  why: string
}

/**
 * An effect that must not happen twice (docs/wire.md, The journal): its intent is read back as the one that holds, lease and
 * claim are looked at right before the call, and what is in doubt, from this run or an earlier one, is settled first. A call
 * that fails again and again without effect is a failed step in the end.
 */
export async function performOnce(work: StepWork): Promise<StepResult> {
  const { options, number } = work
  const { run, parts } = options
  const watch = await work.journal()
  const failures: Failures = { count: 0, why: '' }
  for (let voided = -1; ; ) {
    run.checkpoint()
    if (parts.rules.fence && !watch.journal.mayWrite(run)) throw fenced(run)
    const known = watch.journal.step(number)
    if (known?.result) return work.adopt(known.result)
    if (known?.isInDoubt && known.intent && known.intent.redo > voided && parts.rules.settle) {
      const { intent } = known
      const settled = await settle(work, intent, watch)
      if (settled === null) continue
      const outcome = settled.kind === 'happened' ? settled.result : await afterNothing(work, failures)
      if (outcome === null) {
        voided = intent.redo
        continue
      }
      const { result, counts } = await work.conclude(intent, outcome)
      // The first result holds, and another run may have been first.
      if (counts) continue
      if (parts.rules.fence) throw fenced(run)
      return result
    }
    const redo = known?.nextRedo ?? 0
    const intentId = await work.intend(redo)
    if (parts.rules.readBack) {
      const counts = await watch.readBack(intentId, run.signal)
      if (!counts && parts.rules.fence) throw fenced(run)
      if (counts && !watch.journal.ownsEffect({ recordId: intentId, step: number, redo })) continue
    }
    await run.untilMayCall()
    if (!run.holdsClaim()) throw new AppError('KC_RUN_STOPPED', 'The run stops: it does not hold its task any more.')
    const outcome = await callInTime(work, redo, intentId)
    if (outcome.status !== 'in_doubt') return work.finish(redo, outcome, intentId)
    failures.count++
    failures.why = outcome.why ?? 'Its tool cannot tell what became of it.'
    if (!parts.rules.doubtAfterTimeout) voided = redo
    // The next round looks into the journal, which knows the intent once it has been read back.
    else await watch.readBack(intentId, run.signal)
  }
}

/** Null when the journal has the result by now: whoever made the call may say late what became of it. */
async function settle(
  work: StepWork,
  intent: StepRecord,
  watch: JournalWatch,
): Promise<Exclude<Settlement, { kind: 'unknown' }> | null> {
  const { run, parts } = work.options
  const over = new AbortController()
  const signal = AbortSignal.any([run.waitSignal(), over.signal])
  const call = callOf(work, intent.redo, { causationId: intent.recordId, signal })
  const told = watch.untilFinished(work.number, signal).then(() => null)
  try {
    return await run.withoutSlot(() => Promise.race([told, parts.settleDoubt({ work, intent, call })]))
  } finally {
    over.abort('what became of the call is known')
  }
}

/** After a call that did not happen: null when it is to be made again, the result of the step when it was made often enough. */
async function afterNothing(work: StepWork, { count, why }: Failures): Promise<StepOutput | null> {
  // It was a run before this one that stopped, and not the call that failed.
  if (count === 0) return null
  const code = 'KC_TOOL_FAILED'
  const waitMs = nextRetryMs(STEP_RETRY, { tried: count, code, retryable: true })
  if (waitMs === null) {
    const message = `${work.spec.name} did not happen: it was called ${count} times. ${why}`
    return { status: 'failed', output: { error: { code, message } } }
  }
  await waitToTryAgain(work, { code, waitMs })
  return null
}

/** A call that fails, or takes longer than it may and is left alone, is in doubt: what became of it is not known. */
async function callInTime(work: StepWork, redo: number, causationId: string): Promise<StepOutcome> {
  const { run, parts } = work.options
  const timeout = new AbortController()
  const signal = AbortSignal.any([run.signal, timeout.signal])
  const longestMs = longestCallMs(work)
  const late = sleep(parts.env, longestMs, signal).then(
    (): StepOutcome => ({ status: 'in_doubt', why: `The call took longer than ${longestMs / 1000} s.` }),
  )
  try {
    const outcome = await Promise.race([work.execute(callOf(work, redo, { causationId, signal })), late])
    // What is known is written, also by a run that has to stop now; its result counts with its intent.
    if (outcome.status === 'in_doubt') stopIfAborted(run)
    return outcome
  } catch (thrown) {
    stopIfAborted(run)
    const error = AppError.fromUnknown(thrown, 'KC_TOOL_FAILED')
    if (error.code === 'KC_RUN_STOPPED') throw error
    return { status: 'in_doubt', why: error.message }
  } finally {
    timeout.abort('the call took longer than it may')
  }
}
