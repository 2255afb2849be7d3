import { AppError } from '@kafclaw/envelope'
import { homePartition } from '@kafclaw/tasks'
import { joinChunks, parseOutput } from './blob-store.ts'
import type { JournalWatch } from './journal-watch.ts'
import type { StepRecord } from './step-record.ts'
import type { RunStepsOptions } from './step-work.ts'

/**
 * The journal of a run of a later attempt: it fences the runs before it by `started`, reads that back, and folds what counts.
 * On the host that has the run before it whole, from its own rows; else from where the journal begins on `traces`.
 * Throws KC_RUN_STOPPED when a later run has fenced this one.
 */
export async function resumeRun(options: RunStepsOptions): Promise<JournalWatch> {
  const { run, rules, store, records } = options
  const id = options.env.newId()
  if (rules.fence) await run.commit(() => records.started(run, id))
  const isHere = options.previous?.agentId === options.agentId && store.hasRun(run.taskId, options.previous.runId)
  const watch = isHere ? await readOn(options) : await readAll(options)
  if (rules.fence && !(await watch.readBack(id, run.signal))) throw fenced(run)
  const counted = await Promise.all(watch.counted.map((record) => whole(record, watch)))
  await run.commit(() => {
    for (const record of counted) store.add(run.taskId, record)
  })
  return watch
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
function readOn({ run, previous, reader, readFrom, store, partitions }: RunStepsOptions): Promise<JournalWatch> {
  const home = { taskId: run.taskId, partition: homePartition(run.taskId, partitions()) }
  const isOfThisBoot = previous?.boot === run.claim.boot
  const sentBefore = store.sentBefore(home.partition) ?? run.claim.journalFrom
  return reader.watch(home, isOfThisBoot ? readFrom : Math.min(readFrom, sentBefore), store.of(run.taskId))
}

async function readAll({ run, reader, readFrom, rules, partitions }: RunStepsOptions): Promise<JournalWatch> {
  const home = { taskId: run.taskId, partition: homePartition(run.taskId, partitions()) }
  const watch = await reader.watch(home, rules.journalFrom ? run.claim.journalFrom : readFrom)
  if (watch.journal.isComplete() || !rules.journalFrom) return watch
  // Whoever claimed first named a later place than the first step has: the journal begins further back.
  watch.close()
  return reader.watch(home, 0)
}

/** Another run writes this journal now: this one stops without a word. */
export function fenced(run: { abort(why: string): void }): AppError {
  run.abort('another run writes its journal')
  return new AppError('KC_RUN_STOPPED', 'The run stops: another run writes its journal.')
}
