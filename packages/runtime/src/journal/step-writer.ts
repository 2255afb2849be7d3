import { AppError, ERRORS } from '@kafclaw/envelope'
import { type BlobStore, createTraceBlobs, type KeptBlob, largeOutput, parseOutput } from './blob-store.ts'
import type { JournalWatch } from './journal-watch.ts'
import type { StepRecord } from './step-record.ts'
import type { RunStepsOptions } from './step-work.ts'

/** A record of a step, before it is known how it lies on the log. */
export type NewStepRecord = Omit<StepRecord, 'atMs'>

/** Writes the journal of one run: each record goes to `traces` and to the rows of this service in one transaction. */
export interface StepWriter {
  /**
   * Keeps an output apart that a record cannot hold; null when it can. Throws KC_RUN_FAILED when it is no JSON. Until it has
   * been kept nothing that comes after it may be written.
   */
  keep(record: NewStepRecord): Promise<KeptBlob> | null
  /** Resolves when it has been committed. */
  write(record: NewStepRecord, causationId: string, blob: KeptBlob | null): Promise<void>
  /** Stores what another run wrote, so that this host finds it when it goes on later. */
  adopt(record: StepRecord): Promise<void>
  /** What a finished step gave, as a whole. */
  outputOf(record: StepRecord): Promise<unknown>
  /** Why a record of this run could not be written and never will be; null as long as none is missing. */
  missing(): AppError | null
}

export function createStepWriter(options: RunStepsOptions, opened: () => Promise<JournalWatch> | null): StepWriter {
  const { run, parts } = options
  const { records, store } = parts
  /** By record id; most runs have none of these, nor of the blobs. */
  let failures: Map<string, AppError> | null = null
  let blobStore: BlobStore | null = null
  let hasProgressed = false

  function blobs(): BlobStore {
    blobStore ??= createTraceBlobs({
      runId: run.runId,
      write: (step, chunk) => records.chunk(run, step, chunk),
      chunks: async (uri) => (await opened())?.chunks(uri) ?? [],
    })
    return blobStore
  }

  async function outputOf({ outputRef, output }: StepRecord): Promise<unknown> {
    return outputRef === null ? output : parseOutput(await blobs().get(outputRef))
  }

  /** Inside a transaction, which may have to be done again. */
  function put(record: StepRecord, causationId: string, blob: KeptBlob | null): void {
    try {
      blob?.write()
      records.step(run, blob ? { ...record, output: null, outputRef: blob.ref } : record, causationId)
      store.add(run.taskId, record)
      failures?.delete(record.recordId)
    } catch (error) {
      failures ??= new Map()
      failures.set(record.recordId, AppError.fromUnknown(error, 'KC_RUN_FAILED'))
      throw error
    }
  }

  return {
    keep(record) {
      const bytes = largeOutput(record.output)
      return bytes && blobs().put(bytes, record)
    },
    async write(record, causationId, blob) {
      // Whoever claims the next attempt sees that this one came further than those before it.
      const isProgress = record.phase === 'result' && !hasProgressed && run.attempt > 1
      await run.commit(() => {
        put({ ...record, atMs: parts.clockMs() || parts.env.now() }, causationId, blob)
        if (isProgress) records.progress(run, `step ${record.step} is done`, record.step)
      })
      hasProgressed ||= isProgress
    },
    async adopt(record) {
      if (record.runId === run.runId) return
      const whole = { ...record, output: await outputOf(record), outputRef: null }
      await run.commit(() => store.add(run.taskId, whole))
    },
    outputOf,
    missing: () => (failures ? ([...failures.values()].find(({ code }) => !ERRORS[code].retryable) ?? null) : null),
  }
}
