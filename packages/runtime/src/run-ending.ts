import { AppError } from '@kafclaw/envelope'
import type { ActiveRun } from './active-run.ts'
import type { StepStore } from './journal/step-store.ts'
import type { RunOutcome } from './run.ts'
import type { RunRecords } from './run-records.ts'
import type { RunsOptions } from './runs.ts'

/** How runs end: with an answer, with their parent, or by giving their task back. */
export interface RunEnding {
  /** The handler's outcome; null when the run stopped before it had one. */
  handle(run: ActiveRun): Promise<RunOutcome | null>
  /** Resolves when the answer has been stored, or is not wanted any more. */
  answer(run: ActiveRun, outcome: RunOutcome): Promise<void>
  giveTaskBack(run: ActiveRun): Promise<void>
  /** The parent of its task has ended. */
  withParent(run: ActiveRun): void
}

const PARENT_ENDED: RunOutcome = {
  status: 'cancelled',
  error: { code: 'KC_TASK_CANCELLED', message: 'The task that asked for this one has ended.', retryable: false },
}

export function createRunEnding(
  options: Pick<RunsOptions, 'handler' | 'tasks' | 'events' | 'logger' | 'commit' | 'mayAct' | 'untilMayAct'>,
  { records, store, isStopping }: { records: RunRecords; store: StepStore; isStopping(): boolean },
): RunEnding {
  const { tasks, events, logger } = options

  async function handle(run: ActiveRun): Promise<RunOutcome | null> {
    const parentId = run.request.payload.parent_task_id
    if (parentId !== null && tasks.get(parentId).outcome !== null) return PARENT_ENDED
    try {
      return await options.handler(run)
    } catch (error) {
      if (run.signal.aborted || (error instanceof AppError && error.code === 'KC_RUN_STOPPED')) return null
      const known = AppError.fromUnknown(error, 'KC_RUN_FAILED')
      logger.warn({ err: error, taskId: run.taskId }, `a run failed: ${known.message}`)
      return { status: 'failed', error: records.toWireError(known) }
    }
  }

  async function answer(run: ActiveRun, outcome: RunOutcome): Promise<void> {
    for (let sent = false; !sent && !run.signal.aborted; ) {
      await options.untilMayAct(run.signal)
      sent = await run.commit(() => respond(run, outcome))
    }
  }

  /** Inside a transaction: false when the lease does not allow it now. */
  function respond(run: ActiveRun, outcome: RunOutcome): boolean {
    const task = tasks.get(run.taskId)
    const isOver = task.outcome !== null || task.finished || task.claim?.runId !== run.runId
    if (run.signal.aborted || isOver) return true
    // Looked at right before the answer: the claim may have taken long to come back.
    if (!options.mayAct()) return false
    // An answer without its journal could not be accounted for.
    const missing = run.missing()
    const ending: RunOutcome = missing ? { status: 'failed', error: records.toWireError(missing) } : outcome
    records.respond(run, run.request, ending)
    store.answered(run.taskId, run.runId)
    events.outcome(ending.status)
    tasks.put({ ...task, finished: true })
    return true
  }

  async function giveTaskBack(run: ActiveRun): Promise<void> {
    if (run.signal.aborted && !isStopping()) return
    await run.commit(() => {
      const task = tasks.get(run.taskId)
      if (task.outcome === null && task.claim?.runId === run.runId) records.release(run, 'shutdown')
    })
  }

  /** Nobody waits for the answer of a child whose parent has ended: whoever holds it ends it too. */
  function withParent(run: ActiveRun): void {
    run.confirmation.confirmed
      .then(() => options.commit.submit(() => respond(run, PARENT_ENDED)))
      .then(() => run.abort('the task that asked for it has ended'))
      .catch((cause: unknown) =>
        logger.debug({ err: cause, taskId: run.taskId }, 'a child did not end with its parent'),
      )
  }

  return { handle, answer, giveTaskBack, withParent }
}
