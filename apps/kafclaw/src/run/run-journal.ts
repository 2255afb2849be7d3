import { decode, type Envelope, type RawRecord, type RecordPlace, type TracePayload } from '@kafclaw/envelope'
import { type BlobChunk, chunkOf, joinChunks, parseOutput } from '@kafclaw/runtime'
import { createJournal, isHome, type JournalRecord } from '@kafclaw/tasks'

type TraceEnvelope = Extract<Envelope, { type: 'trace' }>

/** A record of the journal with its place and what it says. */
export interface TracePlace extends RecordPlace {
  timestampMs: number
  envelope: TraceEnvelope
}

/**
 * What became of one try of a step. `done`: its result holds; `open`: it has no result yet and its run holds the task;
 * `in doubt`: it has none and nobody knows whether it happened; `superseded`: a later redo holds; `ignored`: by R4 it does not count.
 */
export type StepState = 'done' | 'open' | 'in doubt' | 'superseded' | 'ignored'

/** One try of a step by one run: its intent, its result, or both. */
export interface StepTry {
  step: number
  redo: number
  runId: string
  attempt: number
  agentId: string | null
  kind: TracePayload['kind']
  name: string | null
  state: StepState
  intent: TracePlace | null
  result: TracePlace | null
  /** From the clock of the one who ran it; null without a result. */
  durationMs: number | null
  /** Attempts that took its result from the journal and did not run it. */
  replayedBy: number[]
}

export interface RunJournal {
  tries: StepTry[]
  /** Steps that a run found finished when it began, by run id. */
  replayed: ReadonlyMap<string, number>
  /** Steps that have ended, from step 0 without a hole. */
  finished: number
  /** False when retention has taken its beginning. */
  isComplete: boolean
  /** What a step gave, put together where it lies in chunks. Error: KC_RUN_NON_DETERMINISM when a part of it is missing. */
  outputOf(result: TracePlace): unknown
}

type Folded = JournalRecord & { at: TracePlace; counts: boolean }

/** Folds the records of one task on `traces`, in log order, and keeps what each of them did. */
export function createRunJournal(taskId: string, partitions: number) {
  const journal = createJournal<Folded>()
  const records: Folded[] = []
  const chunks = new Map<string, BlobChunk[]>()
  const began: Array<{ runId: string; attempt: number; steps: number }> = []

  function fold(record: RawRecord): void {
    if (!isHome(taskId, record.partition, partitions) || record.key?.toString() !== taskId) return
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'trace') return
    const { envelope } = decoded
    if (envelope.correlation_id !== taskId) return
    const { topic, partition, offset, timestampMs } = record
    const { attempt, run_id: runId, phase, step, redo } = envelope.payload
    const at = { topic, partition, offset, timestampMs, envelope }
    const folded: Folded = { recordId: envelope.id, attempt, runId, phase, step, redo, at, counts: false }
    folded.counts = journal.add(folded)
    records.push(folded)
    const chunk = phase === 'chunk' ? chunkOf(envelope.payload) : null
    if (chunk) chunks.set(chunk.uri, [...(chunks.get(chunk.uri) ?? []), chunk])
    if (phase === 'started' && folded.counts) began.push({ runId, attempt, steps: journal.finishedSteps() })
  }

  /** `isHeldBy` tells whether a run holds the task now. */
  function read(isHeldBy: (runId: string) => boolean): RunJournal {
    const tries = groupTries(records).map((tried): StepTry => {
      const replayedBy = began
        .filter(({ runId, steps }) => runId !== tried.runId && tried.step < steps)
        .map(({ attempt }) => attempt)
      const state = stateOf(tried, isHeldBy(tried.runId))
      return { ...toTry(tried), state, replayedBy: state === 'done' ? replayedBy : [] }
    })
    return {
      tries,
      replayed: new Map(began.map(({ runId, steps }) => [runId, steps])),
      finished: journal.finishedSteps(),
      isComplete: journal.isComplete(),
      outputOf({ envelope: { payload } }) {
        const { output, output_ref: ref } = payload
        return ref === null ? output : parseOutput(joinChunks(ref, chunks.get(ref.uri) ?? []))
      },
    }
  }

  function stateOf({ step, intent, result }: Tried, isHeld: boolean): StepState {
    if (!intent?.counts && !result?.counts) return 'ignored'
    const folded = journal.step(step)
    if (folded?.result) return folded.result === result ? 'done' : 'superseded'
    if (folded?.intent !== intent) return 'superseded'
    return isHeld ? 'open' : 'in doubt'
  }

  return { fold, read }
}

interface Tried {
  step: number
  intent: Folded | null
  result: Folded | null
  runId: string
}

function groupTries(records: readonly Folded[]): Tried[] {
  const tries = new Map<string, Tried>()
  for (const record of records) {
    const { step, redo, runId, phase } = record
    if (step === null || phase === 'chunk' || phase === 'started') continue
    const key = `${step}/${redo}/${runId}`
    const tried = tries.get(key) ?? { step, intent: null, result: null, runId }
    tries.set(key, tried)
    // Sent twice, the first one is the one that counts.
    tried[phase] ??= record
  }
  return [...tries.values()]
}

function toTry({ step, runId, intent, result }: Tried): Omit<StepTry, 'state' | 'replayedBy'> {
  const [first] = [result, intent].filter((record) => record !== null)
  const payload = first?.at.envelope.payload
  return {
    step,
    runId,
    redo: first?.redo ?? 0,
    attempt: first?.attempt ?? 0,
    agentId: payload?.agent_id ?? first?.at.envelope.sender_id ?? null,
    kind: payload?.kind ?? null,
    name: payload?.name ?? null,
    intent: intent?.at ?? null,
    result: result?.at ?? null,
    durationMs: result && durationOf(result.at, intent?.at ?? null),
  }
}

function durationOf(result: TracePlace, intent: TracePlace | null): number | null {
  const { started_at, ended_at } = result.envelope.payload
  if (started_at !== null && ended_at !== null) return Math.max(0, Date.parse(ended_at) - Date.parse(started_at))
  return intent ? Math.max(0, result.timestampMs - intent.timestampMs) : null
}
