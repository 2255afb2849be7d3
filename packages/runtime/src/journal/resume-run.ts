import { AppError } from '@kafclaw/envelope'
import { homePartition } from '@kafclaw/tasks'
import { joinChunks, parseOutput } from './blob-store.ts'
import type { JournalHome } from './journal-reader.ts'
import type { JournalWatch } from './journal-watch.ts'
import type { StepRecord } from './step-record.ts'
import type { RunStepsOptions } from './step-work.ts'

/**
 * The journal of a run of a later attempt: it fences the runs before it by `started`, reads that back, and folds what counts.
 * On the host that has the run before it whole, from its own rows; else from where the journal begins on `traces`.
 * Throws KC_RUN_STOPPED when a later run has fenced this one.
 */
export async function resumeRun(options: RunStepsOptions): Promise<JournalWatch> {
  const { run, parts } = options
  const { rules, store, records } = parts
  const id = parts.env.newId()
  if (rules.fence) await run.commit(() => records.started(run, id))
  const kept = keptRows(options)
  const watch = kept === null ? await readAll(options, id) : await readToFence(options, id, () => readOn(options, kept))
  try {
    const counted = await Promise.all(firstResults(watch.counted).map((record) => whole(record, watch)))
    await run.commit(() => {
      // What this host wrote while others had the task need not count: what the log says takes its place.
      if (kept === null) store.forget(run.taskId)
      for (const record of counted) store.add(run.taskId, record)
    })
    return watch
  } catch (error) {
    watch.close()
    throw error
  }
}

/** The rows of this host when they hold the journal up to the run before as a whole; else null. */
function keptRows({ run, previous, parts }: RunStepsOptions): StepRecord[] | null {
  const { agentId, store, clockMs } = parts
  if (previous?.agentId !== agentId || !store.hasRun(run.taskId, previous.runId)) return null
  const rows = store.of(run.taskId)
  const results = rows.filter(({ phase }) => phase === 'result')
  const ended = new Set(results.map(placeOf))
  const told = new Set(results.map(placeInRun))
  // A run that had the task earlier may have said what became of its call, also before others found out: only the log knows.
  const isUntold = (row: StepRecord): boolean =>
    row.phase === 'intent' && row.runId !== previous.runId && !told.has(placeInRun(row))
  if (rows.some(isUntold)) return null
  const isOpen = (row: StepRecord): boolean => row.phase === 'intent' && !ended.has(placeOf(row))
  // An intent may have waited long to be sent, and its call began behind that: it was made before now, more is not known here.
  return rows.map((row) => (isOpen(row) ? { ...row, atMs: Math.max(row.atMs, clockMs()) } : row))
}

/** Of several results of one redo the first holds: the others are of no use to this host. */
function firstResults(records: readonly StepRecord[]): StepRecord[] {
  const seen = new Set<string>()
  return records.filter((record) => {
    if (record.phase !== 'result') return true
    const isFirst = !seen.has(placeOf(record))
    seen.add(placeOf(record))
    return isFirst
  })
}

function placeOf({ step, redo }: StepRecord): string {
  return `${step}/${redo}`
}

function placeInRun(record: StepRecord): string {
  return `${record.runId}/${placeOf(record)}`
}

/** The rows of a service hold every output whole. */
async function whole(record: StepRecord, watch: JournalWatch): Promise<StepRecord> {
  const { outputRef } = record
  if (outputRef === null) return record
  return { ...record, output: parseOutput(await joinChunks(outputRef, watch.chunks(outputRef.uri))), outputRef: null }
}

/**
 * What was written before is in our own rows, and what may fence us can only have come after our claim. The rows of an earlier
 * boot reach as far as they have seen it sent: a disk that was put back from a copy knows nothing of what came then.
 */
function readOn(options: RunStepsOptions, seed: readonly StepRecord[]): Promise<JournalWatch> {
  const { run, previous, readFrom, parts } = options
  const isOfThisBoot = previous?.boot === run.claim.boot
  const sentBefore = parts.store.sentBefore(run.taskId) ?? run.claim.journalFrom
  const from = isOfThisBoot ? readFrom : Math.min(readFrom, sentBefore)
  return parts.reader.watch(homeOf(options), from, { seed, signal: run.waitSignal() })
}

async function readAll(options: RunStepsOptions, id: string): Promise<JournalWatch> {
  const { run, readFrom, parts } = options
  const { reader, rules } = parts
  const readTo = (from: number): Promise<JournalWatch> =>
    readToFence(options, id, () => reader.watch(homeOf(options), from, { signal: run.waitSignal() }))
  const watch = await readTo(rules.journalFrom ? run.claim.journalFrom : readFrom)
  if (watch.journal.isComplete() || !rules.journalFrom) return watch
  // Whoever claimed first named a later place than the first step has: the journal begins further back.
  watch.close()
  return readTo(0)
}

/** Everything that was written before the fence has been read then. */
async function readToFence(
  { run, parts }: RunStepsOptions,
  id: string,
  open: () => Promise<JournalWatch>,
): Promise<JournalWatch> {
  const watch = await open()
  try {
    if (parts.rules.fence && !(await watch.readBack(id, run.signal))) throw fenced(run)
    return watch
  } catch (error) {
    watch.close()
    throw error
  }
}

function homeOf({ run, parts }: RunStepsOptions): JournalHome {
  return { taskId: run.taskId, partition: homePartition(run.taskId, parts.partitions()) }
}

/** Another run writes this journal now: this one stops without a word. */
export function fenced(run: { abort(why: string): void }): AppError {
  run.abort('another run writes its journal')
  return new AppError('KC_RUN_STOPPED', 'The run stops: another run writes its journal.')
}
