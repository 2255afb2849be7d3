import { AppError, ERRORS, type ErrorCode } from '@kafclaw/envelope'
import { homePartition, type JournalStep, nextRetryMs, STEP_RETRY } from '@kafclaw/tasks'
import type { Run } from '../run.ts'
import type { StepOutput, StepResult, StepSpec } from '../step.ts'
import type { KeptBlob } from './blob-store.ts'
import type { JournalWatch } from './journal-watch.ts'
import { performOnce } from './once-step.ts'
import { fenced, resumeRun } from './resume-run.ts'
import { shownInput } from './shown-input.ts'
import type { StepRecord } from './step-record.ts'
import {
  callOf,
  idempotencyKey,
  type RunStepsOptions,
  type StepWork,
  stopIfAborted,
  waitToTryAgain,
} from './step-work.ts'
import { createStepWriter, type NewStepRecord } from './step-writer.ts'

/** The steps of one run and its journal. */
export interface RunSteps extends Pick<Run, 'perform'> {
  /** Why a step of this run cannot be in the journal; null as long as none is missing. */
  missing(): AppError | null
  close(): void
}

export function createRunSteps(options: RunStepsOptions): RunSteps {
  const { run, parts } = options
  let next = 0
  let watch: Promise<JournalWatch> | null = null
  const writer = createStepWriter(options, () => watch)

  function journal(): Promise<JournalWatch> {
    const home = { taskId: run.taskId, partition: homePartition(run.taskId, parts.partitions()) }
    watch ??= parts.reader.watch(home, options.readFrom, { signal: run.waitSignal() })
    return watch
  }

  if (run.attempt > 1) {
    watch = resumeRun(options)
    // The first step hears of it.
    watch.catch(() => undefined)
  }

  function workOf(spec: StepSpec, number: number, execute: StepWork['execute']): StepWork {
    const startedMs = parts.env.now()
    /** The intent without a result, else the result. */
    const recordOf = (redo: number, result: StepResult | null): NewStepRecord => ({
      recordId: parts.env.newId(),
      attempt: run.attempt,
      runId: run.runId,
      phase: result === null ? 'intent' : 'result',
      step: number,
      redo,
      kind: spec.kind,
      name: result?.name ?? spec.name,
      inputHash: spec.inputHash,
      idempotencyKey: spec.effect === 'none' ? null : idempotencyKey(run, number, redo),
      output: result === null ? shownInput(spec.input) : result.output,
      outputRef: null,
      chunk: null,
      status: result?.status ?? null,
      usage: result?.usage ?? null,
      citations: result?.citations ?? [],
      startedMs,
      endedMs: result === null ? null : parts.env.now(),
    })
    const replayed = async (record: StepRecord) => replay({ ...record, output: await writer.outputOf(record) }, spec)
    return {
      options,
      spec,
      number,
      execute,
      journal,
      async intend(redo) {
        const record = recordOf(redo, null)
        await writer.write(record, run.claim.recordId, null)
        return record.recordId
      },
      finish(redo, outcome, causationId = run.claim.recordId) {
        const result = resultOf(spec, outcome)
        const record = recordOf(redo, result)
        const kept = writer.keep(record)
        const write = (blob: KeptBlob | null): StepResult => {
          // What cannot be written ends the run at its next step, or in place of its answer.
          writer.write(record, causationId, blob).catch(() => undefined)
          return result
        }
        return kept === null ? write(null) : kept.then(write)
      },
      async conclude(intent, outcome) {
        const result = resultOf(spec, outcome)
        const record = recordOf(intent.redo, result)
        await writer.write(record, intent.recordId, await writer.keep(record))
        return { result, counts: await (await journal()).readBack(record.recordId, run.signal) }
      },
      replay: replayed,
      async adopt(record) {
        await writer.adopt(record)
        return replayed(record)
      },
    }
  }

  return {
    async perform(spec, execute) {
      run.checkpoint()
      const missing = writer.missing()
      if (missing) throw missing
      const number = next++
      // Without a watch nothing of this run lies on the log that it does not know of.
      const folded = watch === null ? null : (await readable(watch)).journal
      // A run that has been away must not take the steps of its successor for its own.
      if (folded && parts.rules.fence && !folded.mayWrite(run)) throw fenced(run)
      const known = folded?.step(number) ?? null
      const recorded = known?.result ?? known?.intent
      if (recorded) requireSame(recorded, spec)
      const work = workOf(isOnce(spec, known) ? { ...spec, effect: 'once' } : spec, number, execute)
      if (known?.result) return work.replay(known.result)
      if (work.spec.effect === 'once') return readable(performOnce(work))
      return performAgain(work, known?.nextRedo ?? 0)
    },
    missing: writer.missing,
    close: () => void watch?.then((opened) => opened.close()).catch(() => undefined),
  }
}

/**
 * A call in doubt of a tool that says now that it changes nothing, as a tool that this host does not have: it was another one when
 * it was called, and nobody may go on before it is settled.
 */
function isOnce(spec: StepSpec, known: JournalStep<StepRecord> | null): boolean {
  return spec.effect === 'none' && spec.kind === 'tool' && known?.isInDoubt === true
}

/** By the policy for steps. */
async function tryAgain<T>(work: StepWork, call: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await call()
    } catch (thrown) {
      stopIfAborted(work.options.run)
      const { code } = AppError.fromUnknown(thrown, 'KC_RUN_FAILED')
      const waitMs = nextRetryMs(STEP_RETRY, { tried, code, retryable: ERRORS[code].retryable })
      if (waitMs === null) throw thrown
      await waitToTryAgain(work, { code, waitMs })
    }
  }
}

/** A journal that cannot be read now ends the run, not the task: at its next beat the member takes the task up again. */
async function readable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof AppError) || !JOURNAL_UNREADABLE.has(error.code)) throw error
    throw new AppError('KC_RUN_STOPPED', `The run stops: its journal cannot be read. ${error.message}`, {
      cause: error,
    })
  }
}

const JOURNAL_UNREADABLE: ReadonlySet<ErrorCode> = new Set([
  'KC_KAFKA_UNREACHABLE',
  'KC_KAFKA_TIMEOUT',
  'KC_KAFKA_FAILED',
])

/** A step that may be repeated at any time. */
async function performAgain(work: StepWork, redo: number): Promise<StepResult> {
  const { run } = work.options
  const causationId = work.spec.effect === 'none' ? run.claim.recordId : await readable(intend(work, redo))
  if (work.spec.effect === 'none') run.checkpoint()
  else await run.untilMayAct()
  const outcome = await tryAgain(work, () => work.execute(callOf(work, redo, { causationId, signal: run.signal })))
  // A service that shuts down still writes what has been done; the next step is the one that stops.
  stopIfAborted(run)
  if (outcome.status === 'in_doubt') {
    throw new AppError('KC_BUG', `Step ${work.number} (${work.spec.name}) may be repeated, so it cannot be in doubt.`)
  }
  return work.finish(redo, outcome, causationId)
}

/**
 * A question to another agent waits until its intent counts: a run that is fenced before may be followed by one whose model asks
 * something else, and then both would be answered, with all that their agents do.
 */
async function intend(work: StepWork, redo: number): Promise<string> {
  const { run, parts } = work.options
  if (work.spec.kind !== 'delegation' || !parts.rules.readBack) return work.intend(redo)
  const watch = await work.journal()
  const id = await work.intend(redo)
  if (!(await watch.readBack(id, run.signal)) && parts.rules.fence) throw fenced(run)
  return id
}

/** Throws KC_RUN_NON_DETERMINISM when the run comes to another step than the one that was begun or finished then. */
function requireSame(record: StepRecord, spec: StepSpec): void {
  if (record.kind !== spec.kind || (record.inputHash !== null && record.inputHash !== spec.inputHash)) {
    throw new AppError(
      'KC_RUN_NON_DETERMINISM',
      `Step ${record.step} was ${record.phase === 'intent' ? 'begun' : 'done'} as ${record.kind} ${record.name}, with another input than ${spec.kind} ${spec.name} has now: the run cannot go on from its journal.`,
    )
  }
}

/** What a finished step gave. Throws KC_RUN_NON_DETERMINISM as above. */
function replay(record: StepRecord, spec: StepSpec): StepResult {
  requireSame(record, spec)
  const { status, output, name, usage, citations } = record
  return { status: status === 'failed' ? 'failed' : 'completed', output, name: name ?? spec.name, usage, citations }
}

function resultOf(spec: StepSpec, { status, output, name, usage, citations }: StepOutput): StepResult {
  const nothingElse = { author: null, title: null, content: null, age_ms: null, score: null }
  return {
    status,
    output,
    name: name ?? spec.name,
    usage: usage ?? null,
    citations: (citations ?? []).map((citation) => ({ ...nothingElse, ...citation })),
  }
}
