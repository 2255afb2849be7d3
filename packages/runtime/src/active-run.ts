import { AppError, type RequestEnvelope } from '@kafclaw/envelope'
import type { Claim } from '@kafclaw/tasks'
import { type Confirmation, createConfirmation } from './confirmation.ts'
import { createRunSteps } from './journal/run-steps.ts'
import { type RunStepsOptions, stopIfAborted } from './journal/step-work.ts'
import type { ChildRequest, Run } from './run.ts'
import type { RunRecords } from './run-records.ts'
import { createRunSlot } from './run-slot.ts'
import type { RunsOptions } from './runs.ts'
import type { Slots } from './slots.ts'
import type { StoredTask } from './task-store.ts'

/** A run with what the list of runs needs of it. */
export interface ActiveRun extends Run {
  readonly claim: Claim
  readonly expiresAtMs: number
  readonly ended: Promise<void>
  /** Stores work of the run: at once when its claim has been read back, else in the transaction that reads it back. */
  commit<T>(work: () => T): Promise<T>
  readonly confirmation: Confirmation
  isConfirmed(): boolean
  /** Why the journal of the run lacks a step; null as long as it is whole. */
  missing(): AppError | null
  abort(why: string): void
  /** The run ends at its next checkpoint; whoever waits for a child stops waiting. */
  askToStop(): void
  giveSlotBack(): void
  end(): void
}

export interface ActiveRunOptions extends RunsOptions, Pick<RunStepsOptions, 'store' | 'readFrom'> {
  slots: Slots
  records: RunRecords
  task: StoredTask
  claim: Claim
  request: RequestEnvelope
  isStopping(): boolean
}

export function createActiveRun(options: ActiveRunOptions): ActiveRun {
  const { task, claim, request, records, slots } = options
  const controller = new AbortController()
  /** Made when somebody waits or asks: most runs end before. */
  let asked: AbortController | null = null
  const ended = Promise.withResolvers<void>()
  const confirmation = createConfirmation({ submit: options.commit.submit })
  const slot = createRunSlot(slots, controller.signal)

  function checkpoint(): void {
    stopIfAborted(controller)
    if (options.isStopping())
      throw new AppError('KC_RUN_STOPPED', 'The run stops: the service shuts down; the task is given back.')
  }

  async function untilMayCall(): Promise<void> {
    await confirmation.confirmed
    await options.untilMayAct(controller.signal)
    stopIfAborted(controller)
  }

  async function untilMayAct(): Promise<void> {
    checkpoint()
    await untilMayCall()
    checkpoint()
  }

  function toBeAsked(): AbortController {
    asked ??= new AbortController()
    return asked
  }

  const waitSignal = (): AbortSignal => AbortSignal.any([controller.signal, toBeAsked().signal])

  async function ask(child: ChildRequest) {
    await untilMayAct()
    await confirmation.commit(() => records.ask(run, child))
    const outcome = await slot.without(() => options.outcomeOf(child.taskId, waitSignal()))
    checkpoint()
    return outcome
  }

  const run: ActiveRun = {
    taskId: task.taskId,
    runId: claim.runId,
    attempt: claim.attempt,
    claim,
    request,
    expiresAtMs: Date.parse(request.expires_at),
    signal: controller.signal,
    ended: ended.promise,
    checkpoint,
    untilMayAct,
    perform: (spec, execute) => steps.perform(spec, execute),
    ask,
    progress(text) {
      if (!controller.signal.aborted) confirmation.commit(() => records.progress(run, text)).catch(() => undefined)
    },
    commit: confirmation.commit,
    confirmation,
    isConfirmed: confirmation.isConfirmed,
    missing: () => steps.missing(),
    abort(why) {
      if (controller.signal.aborted) return
      controller.abort(why)
      confirmation.drop(why)
    },
    askToStop: () => toBeAsked().abort('the service shuts down'),
    giveSlotBack: slot.end,
    end() {
      steps.close()
      ended.resolve()
    },
  }
  const steps = createRunSteps({
    ...options,
    run: {
      ...run,
      withoutSlot: slot.without,
      announceWait: run.progress,
      waitSignal,
      untilMayCall,
      holdsClaim: () => options.tasks.get(run.taskId).claim?.runId === run.runId,
    },
    previous: task.claim,
  })
  return run
}
