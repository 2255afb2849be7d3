import type { TraceEnvelope } from '@kafclaw/envelope'

/** What the fold of a journal needs of a record on `traces`; readers add what they want to find again. */
export interface JournalRecord {
  recordId: string
  attempt: number
  runId: string
  phase: 'started' | 'intent' | 'result' | 'chunk'
  /** Null for `started`. */
  step: number | null
  /** How often the step was begun again, from 0. */
  redo: number
}

/** What the fold needs of an envelope on `traces`. */
export function journalRecordOf({ id, payload }: Pick<TraceEnvelope, 'id' | 'payload'>): JournalRecord {
  const { attempt, run_id: runId, phase, step, redo } = payload
  return { recordId: id, attempt, runId, phase, step, redo }
}

/** The run whose records count from now on. */
export interface JournalHolder {
  attempt: number
  runId: string
}

/** What counts of one step. */
export interface JournalStep<R> {
  /** The result that holds: of the highest redo, of one redo the first. Null also while a later redo has begun and not ended. */
  result: R | null
  /** The intent that holds the right to the effect of the highest redo. */
  intent: R | null
  /** The intent stands there without its result: whether the effect happened is not known. */
  isInDoubt: boolean
  /** Under which redo the step would be begun again. */
  nextRedo: number
}

/** The journal of one task, folded by R4 (docs/wire.md, The journal). */
export interface Journal<R extends JournalRecord> {
  /** Takes the next record of the home partition, in the order of offsets; returns whether it counts. Repeated sends of one record are one. */
  add(record: R): boolean
  /** Null while nothing counts. */
  holder(): JournalHolder | null
  /** Whether a record of this run would count if it came next. */
  mayWrite(run: JournalHolder): boolean
  /** Whether this record is the first counting intent of its step and redo: the right to the effect. */
  ownsEffect(intent: { recordId: string; step: number; redo: number }): boolean
  /** Null for a step of which nothing counts. */
  step(number: number): JournalStep<R> | null
  /** How many steps have ended, from step 0 without a hole. */
  finishedSteps(): number
  /** False when it begins behind step 0: then the reader has to begin further back. */
  isComplete(): boolean
}

interface StepFold<R> {
  /** The first counting intent of each redo. */
  intents: Map<number, R>
  intentRedo: number
  result: R | null
  resultRedo: number
}

/**
 * R4: a record counts when no record of a higher attempt, and no other run of its own attempt, stands before it; the result of
 * an intent that counts does so whenever it comes, because the effect has happened. Takes the same time for each record.
 */
export function createJournal<R extends JournalRecord>(): Journal<R> {
  const steps = new Map<number, StepFold<R>>()
  const seen = new Map<string, boolean>()
  let holder: JournalHolder | null = null
  let finished = 0

  function mayWrite(run: JournalHolder): boolean {
    return holder === null || run.attempt > holder.attempt || run.runId === holder.runId
  }

  function foldOf(number: number): StepFold<R> {
    const known = steps.get(number)
    if (known) return known
    const made: StepFold<R> = { intents: new Map(), intentRedo: -1, result: null, resultRedo: -1 }
    steps.set(number, made)
    return made
  }

  function addIntent(record: R, number: number): void {
    const fold = foldOf(number)
    if (!fold.intents.has(record.redo)) fold.intents.set(record.redo, record)
    fold.intentRedo = Math.max(fold.intentRedo, record.redo)
  }

  function addResult(record: R, number: number): void {
    const fold = foldOf(number)
    if (record.redo <= fold.resultRedo) return
    fold.result = record
    fold.resultRedo = record.redo
  }

  /** The run that holds the right to an effect says what became of it, also when another has taken the task over meanwhile. */
  function isOfItsIntent(record: R): boolean {
    if (record.phase !== 'result' || record.step === null) return false
    return steps.get(record.step)?.intents.get(record.redo)?.runId === record.runId
  }

  function take(record: R): boolean {
    const isCurrent = mayWrite(record)
    if (isCurrent) holder = { attempt: record.attempt, runId: record.runId }
    if (!isCurrent && !isOfItsIntent(record)) return false
    if (record.step === null) return true
    if (record.phase === 'intent') addIntent(record, record.step)
    if (record.phase === 'result') addResult(record, record.step)
    return true
  }

  function isFinished(number: number): boolean {
    const fold = steps.get(number)
    return fold !== undefined && fold.result !== null && fold.resultRedo >= fold.intentRedo
  }

  return {
    add(record) {
      const known = seen.get(record.recordId)
      if (known !== undefined) return known
      const counts = take(record)
      seen.set(record.recordId, counts)
      return counts
    },
    holder: () => holder,
    mayWrite,
    ownsEffect: ({ recordId, step, redo }) => steps.get(step)?.intents.get(redo)?.recordId === recordId,
    step(number) {
      const fold = steps.get(number)
      if (!fold) return null
      const isOver = fold.resultRedo >= fold.intentRedo
      return {
        result: isOver ? fold.result : null,
        intent: fold.intents.get(fold.intentRedo) ?? null,
        isInDoubt: !isOver,
        nextRedo: Math.max(fold.intentRedo, fold.resultRedo) + 1,
      }
    },
    finishedSteps() {
      // A step can open again under a later redo, so the count may have to go back.
      while (finished > 0 && !isFinished(finished - 1)) finished--
      while (isFinished(finished)) finished++
      return finished
    },
    isComplete: () => steps.size === 0 || steps.has(0),
  }
}
