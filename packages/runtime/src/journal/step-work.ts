import { type Env, sleep } from '@kafclaw/env'
import { AppError, type ErrorCode } from '@kafclaw/envelope'
import type { Claim } from '@kafclaw/tasks'
import type { ActiveRun } from '../active-run.ts'
import type { RunRecords } from '../run-records.ts'
import type { StepCall, StepOutcome, StepOutput, StepResult, StepSpec } from '../step.ts'
import type { JournalReader } from './journal-reader.ts'
import type { JournalRules } from './journal-rules.ts'
import type { JournalWatch } from './journal-watch.ts'
import type { SettleDoubt } from './settle-doubt.ts'
import type { StepRecord } from './step-record.ts'
import type { StepStore } from './step-store.ts'

/** What the steps of all runs of a member need. */
export interface StepParts {
  env: Env
  agentId: string
  records: RunRecords
  store: StepStore
  reader: JournalReader
  settleDoubt: SettleDoubt
  rules: JournalRules
  partitions(): number
  /** The clock of the log, epoch ms; 0 before the first beat was read. */
  clockMs(): number
}

/** The steps of one run. */
export interface RunStepsOptions {
  parts: StepParts
  run: ActiveRun
  /** The claim before this one. */
  previous: Claim | null
  /** End of the home partition of `traces` before this run was claimed: what can fence it lies behind. */
  readFrom: number
}

/** What one step needs, whatever its effect is. */
export interface StepWork {
  options: RunStepsOptions
  spec: StepSpec
  number: number
  execute(call: StepCall): Promise<StepOutcome>
  /** The journal as it lies on the log. */
  journal(): Promise<JournalWatch>
  /** Writes the intent; resolves with its id when it has been committed. */
  intend(redo: number): Promise<string>
  /** Writes the result. The step is done when the transaction holds that stores it; nobody has to wait for that. */
  finish(redo: number, outcome: StepOutput, causationId?: string): StepResult | Promise<StepResult>
  /** Writes the result of an effect in doubt and reads it back: by then the journal has the result that holds, if this one counts. */
  conclude(intent: StepRecord, outcome: StepOutput): Promise<{ result: StepResult; counts: boolean }>
  /** What a finished step gave. Throws KC_RUN_NON_DETERMINISM when it was another step. */
  replay(result: StepRecord): Promise<StepResult>
  /** The same for what another run has said while this one waited; it is kept here too. */
  adopt(result: StepRecord): Promise<StepResult>
}

export function callOf(work: StepWork, redo: number, more: Pick<StepCall, 'causationId' | 'signal'>): StepCall {
  const { run } = work.options
  const key = idempotencyKey(run, work.number, redo)
  return { step: work.number, redo, attempt: run.attempt, idempotencyKey: key, ...more }
}

/** For a tool that does not say how long its calls may take. */
const DEFAULT_LONGEST_CALL_MS = 60_000

/** After that time no call of the step can still have an effect. */
export function longestCallMs({ spec }: Pick<StepWork, 'spec'>): number {
  return spec.longestCallMs ?? DEFAULT_LONGEST_CALL_MS
}

/** Waits before the next try of a step, without a slot. Throws KC_RUN_STOPPED when the run has to end meanwhile. */
export async function waitToTryAgain(
  { options, number, spec }: StepWork,
  { code, waitMs }: { code: ErrorCode; waitMs: number },
): Promise<void> {
  const { run, parts } = options
  run.progress(`step ${number} (${spec.name}) failed with ${code}; tried again in ${waitMs / 1000} s`)
  await run.withoutSlot(() => sleep(parts.env, waitMs, run.waitSignal()))
  run.checkpoint()
}

export function stopIfAborted({ signal }: Pick<ActiveRun, 'signal'>): void {
  if (signal.aborted) throw new AppError('KC_RUN_STOPPED', `The run stops: ${String(signal.reason)}.`)
}

export function idempotencyKey(run: Pick<ActiveRun, 'taskId'>, step: number, redo: number): string {
  return `${run.taskId}/${step}/${redo}`
}
