import { AppError, parseTimestamp, type RequestEnvelope } from '@kafclaw/envelope'
import type { Claim } from '@kafclaw/tasks'
import { type Confirmation, createConfirmation } from './confirmation.ts'
import { createRunSteps } from './journal/run-steps.ts'
import { type RunStepsOptions, type StepParts, stopIfAborted } from './journal/step-work.ts'
import type { ChildRequest, Run } from './run.ts'
import { createRunSlot } from './run-slot.ts'
import type { RunsOptions } from './runs.ts'
import type { Slots } from './slots.ts'
import type { StoredTask } from './task-store.ts'

/** A run with what the list of runs and its own steps need of it. */
export interface ActiveRun extends Run {
  readonly claim: Claim
  readonly expiresAtMs: number
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
  /**
   * As `untilMayAct`, but a service that shuts down does not end it: of a call whose intent is written nobody knows later that it
   * was never made.
   */
  untilMayCall(): Promise<void>
  /** Whether the fold still says that this run holds the task. */
  holdsClaim(): boolean
  /** Aborted also when the service is to stop: a wait for a person ends then. */
  waitSignal(): AbortSignal
  /** While a run waits for somebody else it needs no slot. */
  withoutSlot<T>(wait: () => Promise<T>): Promise<T>
}

/** What all runs of a member share. */
export interface RunParts extends StepParts, Pick<RunsOptions, 'commit' | 'tasks' | 'untilMayAct' | 'outcomeOf'> {
  slots: Slots
  isStopping(): boolean
}

export interface ActiveRunOptions extends Pick<RunStepsOptions, 'readFrom'> {
  task: StoredTask
  claim: Claim
  request: RequestEnvelope
}

export function createActiveRun(parts: RunParts, options: ActiveRunOptions): ActiveRun {
  const { task, claim, request } = options
  const controller = new AbortController()
  /** Made when somebody waits or asks: most runs end before. */
  let asked: AbortController | null = null
  const confirmation = createConfirmation(parts.commit)
  const slot = createRunSlot(parts.slots, controller.signal)

  function checkpoint(): void {
    stopIfAborted(controller)
    if (parts.isStopping())
      throw new AppError('KC_RUN_STOPPED', 'The run stops: the service shuts down; the task is given back.')
  }

  async function untilMayCall(): Promise<void> {
    await confirmation.confirmed
    await parts.untilMayAct(controller.signal)
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
    await confirmation.commit(() => parts.records.ask(run, child))
    const outcome = await slot.without(() => parts.outcomeOf(child.taskId, waitSignal()))
    checkpoint()
    return outcome
  }

  const run: ActiveRun = {
    taskId: task.taskId,
    runId: claim.runId,
    attempt: claim.attempt,
    claim,
    request,
    expiresAtMs: parseTimestamp(request.expires_at) ?? 0,
    signal: controller.signal,
    checkpoint,
    untilMayAct,
    perform: (spec, execute) => steps.perform(spec, execute),
    ask,
    progress(text) {
      if (!controller.signal.aborted)
        confirmation.commit(() => parts.records.progress(run, text)).catch(() => undefined)
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
    end: () => steps.close(),
    untilMayCall,
    holdsClaim: () => parts.tasks.get(task.taskId).claim?.runId === claim.runId,
    waitSignal,
    withoutSlot: slot.without,
  }
  const steps = createRunSteps({ parts, run, previous: task.claim, readFrom: options.readFrom })
  return run
}
