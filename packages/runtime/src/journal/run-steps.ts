import { sleep } from '@kafclaw/env'
import { AppError, ERRORS, type ErrorCode } from '@kafclaw/envelope'
import { homePartition, nextRetryMs, STEP_RETRY } from '@kafclaw/tasks'
import type { Run } from '../run.ts'
import type { StepOutput, StepResult, StepSpec } from '../step.ts'
import { createTraceBlobs, LARGE_OUTPUT_BYTES, parseOutput } from './blob-store.ts'
import type { JournalWatch } from './journal-watch.ts'
import { performOnce } from './once-step.ts'
import { fenced, resumeRun } from './resume-run.ts'
import type { StepRecord } from './step-record.ts'
import { callOf, idempotencyKey, type RunStepsOptions, type StepWork, stopIfAborted } from './step-work.ts'

/** The steps of one run and its journal. */
export interface RunSteps extends Pick<Run, 'perform'> {
  close(): void
}

type NewStepRecord = Omit<StepRecord, 'atMs' | 'attempt' | 'runId' | 'outputRef' | 'chunk'>

export function createRunSteps(options: RunStepsOptions): RunSteps {
  const { run } = options
  let next = 0
  let watch: Promise<JournalWatch> | null = null
  let hasProgressed = false

  function journal(): Promise<JournalWatch> {
    const home = { taskId: run.taskId, partition: homePartition(run.taskId, options.partitions()) }
    watch ??= options.reader.watch(home, options.readFrom)
    return watch
  }

  if (run.attempt > 1) {
    watch = resumeRun(options)
    // The first step hears of it.
    watch.catch(() => undefined)
  }

  const blobs = createTraceBlobs({
    runId: run.runId,
    write: (step, chunk) => options.records.chunk(run, step, chunk),
    chunks: async (uri) => (await watch)?.chunks(uri) ?? [],
  })

  async function write(record: NewStepRecord, causationId: string): Promise<void> {
    const bytes = record.phase === 'result' ? largeOutput(record.output) : null
    const blob = bytes && (await blobs.put(bytes, record))
    // Whoever claims the next attempt sees that this one came further than those before it.
    const isProgress = record.phase === 'result' && !hasProgressed && run.attempt > 1
    await run.commit(() => {
      const ofRun = {
        attempt: run.attempt,
        runId: run.runId,
        atMs: options.clockMs() || options.env.now(),
        chunk: null,
      }
      const whole = { ...record, ...ofRun, outputRef: null }
      blob?.write()
      options.records.step(run, blob ? { ...whole, output: null, outputRef: blob.ref } : whole, causationId)
      options.store.add(run.taskId, whole)
      if (isProgress) options.records.progress(run, `step ${record.step} is done`, record.step)
    })
    hasProgressed ||= isProgress
  }

  function workOf(spec: StepSpec, number: number, execute: StepWork['execute']): StepWork {
    const startedMs = options.env.now()
    const recordOf = (redo: number) => ({
      recordId: options.env.newId(),
      step: number,
      redo,
      kind: spec.kind,
      inputHash: spec.inputHash,
      idempotencyKey: spec.effect === 'none' ? null : idempotencyKey(run, number, redo),
      startedMs,
    })
    return {
      options,
      spec,
      number,
      execute,
      journal,
      async intend(redo) {
        const record = { ...recordOf(redo), phase: 'intent', name: spec.name, output: spec.input ?? null } as const
        const nothingYet = { status: null, usage: null, citations: [], endedMs: null }
        await write({ ...record, ...nothingYet }, run.claim.recordId)
        return record.recordId
      },
      finish(redo, outcome, causationId = run.claim.recordId) {
        const result = resultOf(spec, outcome)
        const stored = write({ ...recordOf(redo), ...result, phase: 'result', endedMs: options.env.now() }, causationId)
        // A step that cannot be stored ends the run where its answer cannot be stored either.
        stored.catch(() => undefined)
        return result
      },
      async replay(record) {
        const { outputRef } = record
        const output = outputRef ? parseOutput(await blobs.get(outputRef)) : record.output
        return replay({ ...record, output }, spec)
      },
    }
  }

  return {
    async perform(spec, execute) {
      run.checkpoint()
      const work = workOf(spec, next++, execute)
      // Without a watch nothing of this run lies on the log that it does not know of.
      const journal = watch === null ? null : (await readable(watch)).journal
      // A run that has been away must not take the steps of its successor for its own.
      if (journal && options.rules.fence && !journal.mayWrite(run)) throw fenced(run)
      const known = journal?.step(work.number) ?? null
      if (known?.result) return work.replay(known.result)
      if (spec.effect === 'once') return readable(performOnce(work))
      return performAgain(work, known?.nextRedo ?? 0)
    },
    close: () => void watch?.then((opened) => opened.close()).catch(() => undefined),
  }
}

/** By the policy for steps; the slot is given back while the run waits. */
async function tryAgain<T>({ options, number, spec }: StepWork, call: () => Promise<T>): Promise<T> {
  const { run, env } = options
  for (let tried = 1; ; tried++) {
    try {
      return await call()
    } catch (thrown) {
      stopIfAborted(run)
      const error = AppError.fromUnknown(thrown, 'KC_RUN_FAILED')
      const waitMs = nextRetryMs(STEP_RETRY, { tried, code: error.code, retryable: ERRORS[error.code].retryable })
      if (waitMs === null) throw thrown
      run.announceWait(`step ${number} (${spec.name}) failed with ${error.code}; tried again in ${waitMs / 1000} s`)
      await run.withoutSlot(() => sleep(env, waitMs, run.waitSignal()))
      run.checkpoint()
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
  run.checkpoint()
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
  const { run, rules } = work.options
  if (work.spec.kind !== 'delegation' || !rules.readBack) return work.intend(redo)
  const watch = await work.journal()
  const id = await work.intend(redo)
  if (!(await watch.readBack(id, run.signal)) && rules.fence) throw fenced(run)
  return id
}

/** The bytes of an output that is too large for the record of its step. */
function largeOutput(output: unknown): Buffer | null {
  // Most are so small that nobody has to look twice.
  if (output === null || output === undefined) return null
  const text = JSON.stringify(output)
  return text.length > LARGE_OUTPUT_BYTES / 4 && Buffer.byteLength(text) > LARGE_OUTPUT_BYTES ? Buffer.from(text) : null
}

/** What a finished step gave. Throws KC_RUN_NON_DETERMINISM when the run comes to another step than it did then. */
function replay(record: StepRecord, spec: StepSpec): StepResult {
  if (record.kind !== spec.kind || (record.inputHash !== null && record.inputHash !== spec.inputHash)) {
    throw new AppError(
      'KC_RUN_NON_DETERMINISM',
      `Step ${record.step} was done as ${record.kind} ${record.name}, with another input than ${spec.kind} ${spec.name} has now: the run cannot go on from its journal.`,
    )
  }
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
