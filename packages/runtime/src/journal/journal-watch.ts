import type { AppError, RawRecord } from '@kafclaw/envelope'
import { createJournal, type Journal } from '@kafclaw/tasks'
import type { BlobChunk } from './blob-store.ts'
import { readStepRecord, type StepRecord } from './step-record.ts'

/** The journal of one task as it lies on the log, kept up to date while a run needs it. */
export interface JournalWatch {
  readonly journal: Journal<StepRecord>
  /** What counts, in log order, without chunks. */
  readonly counted: readonly StepRecord[]
  /** The parts of a large output that have been read. */
  chunks(uri: string): readonly BlobChunk[]
  /** Resolves when the record has been read back, with whether it counts. Rejects when the log cannot be read, or on abort with its reason. */
  readBack(recordId: string, signal: AbortSignal): Promise<boolean>
  /** Resolves when the journal holds a result of the step, whoever wrote it, or on abort. Rejects when the log cannot be read. */
  untilFinished(step: number, signal: AbortSignal): Promise<void>
  close(): void
}

/** The side of the reader. */
export interface Watch extends JournalWatch {
  /** A record of the past, in log order. */
  add(record: StepRecord): void
  /** A record that the reader has met; kept until the past has been read. */
  take(record: RawRecord): void
  /** The past has been read. */
  goLive(): void
  fail(error: AppError): void
}

export function createWatch(options: { taskId: string; partition: number; onClose(): void }): Watch {
  const journal = createJournal<StepRecord>()
  const counted: StepRecord[] = []
  const chunks: BlobChunk[] = []
  /** Whether each record that was read counts. */
  const read = new Map<string, boolean>()
  const waiting = new Map<string, PromiseWithResolvers<boolean>>()
  const finishing = new Set<{ step: number } & PromiseWithResolvers<void>>()
  let early: RawRecord[] | null = []
  let failure: AppError | null = null

  function add(record: StepRecord): void {
    if (read.has(record.recordId)) return
    const counts = journal.add(record)
    if (record.chunk) chunks.push(record.chunk)
    else if (counts) counted.push(record)
    read.set(record.recordId, counts)
    waiting.get(record.recordId)?.resolve(counts)
    waiting.delete(record.recordId)
    if (counts && record.phase === 'result') tellFinished()
  }

  function tellFinished(): void {
    for (const waiter of finishing) if (journal.step(waiter.step)?.result) waiter.resolve()
  }

  function addRaw(record: RawRecord): void {
    const step = readStepRecord(record, options.taskId)
    if (step) add(step)
  }

  return {
    journal,
    counted,
    chunks: (uri) => chunks.filter((chunk) => chunk.uri === uri),
    add,
    take(record) {
      // What lies elsewhere than at home never counts (docs/wire.md, Home partition).
      if (record.partition !== options.partition) return
      if (early) early.push(record)
      else addRaw(record)
    },
    goLive() {
      const records = early ?? []
      early = null
      for (const record of records) addRaw(record)
    },
    fail(error) {
      failure = error
      for (const waiter of waiting.values()) waiter.reject(error)
      waiting.clear()
      for (const waiter of finishing) waiter.reject(error)
    },
    async readBack(recordId, signal) {
      const known = read.get(recordId)
      if (known !== undefined) return known
      if (failure) throw failure
      signal.throwIfAborted()
      const waiter = waiting.get(recordId) ?? Promise.withResolvers<boolean>()
      waiting.set(recordId, waiter)
      const stop = (): void => waiter.reject(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
      try {
        return await waiter.promise
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    async untilFinished(step, signal) {
      if (signal.aborted || journal.step(step)?.result) return
      if (failure) throw failure
      const waiter = { step, ...Promise.withResolvers<void>() }
      const stop = (): void => waiter.resolve()
      finishing.add(waiter)
      signal.addEventListener('abort', stop)
      try {
        await waiter.promise
      } finally {
        signal.removeEventListener('abort', stop)
        finishing.delete(waiter)
      }
    },
    close: options.onClose,
  }
}
