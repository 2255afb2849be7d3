import { createJournal, isHome, type Journal, type JournalRecord, journalRecordOf } from '@kafclaw/tasks'
import { PARTITIONS } from '../stage.ts'
import type { World } from '../world.ts'
import type { Evidence } from './evidence.ts'

interface Step extends JournalRecord {
  kind: string | null
  name: string | null
}

/** Whoever goes on with a task does no step again that was finished when he began; what does not count changes nothing. */
export function judgeJournals(world: World, { envelopes }: Evidence): void {
  const journals = new Map<string, TaskJournal>()
  for (const { record, envelope } of envelopes('trace')) {
    const { correlation_id: taskId, payload } = envelope
    if (!isHome(taskId, record.partition, PARTITIONS)) continue
    const { kind, name } = payload
    const known = journals.get(taskId) ?? newJournal()
    journals.set(taskId, known)
    take(world, known, { ...journalRecordOf(envelope), kind, name, taskId })
  }
}

interface TaskJournal {
  journal: Journal<Step>
  seen: Set<string>
  /** Steps that were finished when a run wrote its first record. */
  finishedAtStart: Map<string, ReadonlySet<number>>
}

function newJournal(): TaskJournal {
  return { journal: createJournal(), seen: new Set(), finishedAtStart: new Map() }
}

function take(world: World, { journal, seen, finishedAtStart }: TaskJournal, record: Step & { taskId: string }): void {
  if (seen.has(record.recordId)) return
  seen.add(record.recordId)
  const before = finishedAtStart.has(record.runId) ? NOTHING : finishedSteps(journal)
  const counts = journal.add(record)
  // A run that has begun is fenced from what earlier ones write later, so this is what it has read as well.
  if (counts && !finishedAtStart.has(record.runId)) finishedAtStart.set(record.runId, before)
  if (record.step === null || !finishedAtStart.get(record.runId)?.has(record.step)) return
  const what = `step ${record.step} (${record.kind} ${record.name}) of ${record.taskId}`
  world.breach('a finished step was done again', `${what} in attempt ${record.attempt}, ${record.phase}`)
}

const NOTHING: ReadonlySet<number> = new Set()

function finishedSteps(journal: Journal<Step>): ReadonlySet<number> {
  const finished = new Set<number>()
  for (let number = 0; journal.step(number) !== null; number++) {
    if (journal.step(number)?.result) finished.add(number)
  }
  return finished
}
