import type { TraceEnvelope } from '@kafclaw/envelope'
import type { Outgoing } from './broker.ts'
import type { JournalCopy, Life, Member, Run } from './member.ts'
import type { Step } from './plan.ts'
import { progressRecord, stepRecord } from './records.ts'
import { transact } from './transaction.ts'
import { type Entry, entryOf, openWatch } from './watch.ts'
import type { World } from './world.ts'

/** Stores a journal record to be sent, and keeps it. Returns false when the process did not survive. */
export function writeTrace(
  world: World,
  member: Member,
  { envelope, more = [] }: { envelope: TraceEnvelope; more?: readonly Outgoing[] },
): boolean {
  return transact(world, member, (draft) => {
    draft.added.push({ lane: 'traces', envelope }, ...more)
    const own = entryOf(envelope, world.nowMs)
    if (own.phase !== 'started') draft.journal = keep(draft.journal, [own])
  })
}

/** Of an attempt, step, redo and phase the first stays. */
function keep(copy: JournalCopy, found: readonly Entry[]): JournalCopy {
  const entries = new Map(copy.entries.map((entry) => [placeOf(entry).join('/'), entry]))
  for (const entry of found) {
    const place = placeOf(entry).join('/')
    if (!entries.has(place)) entries.set(place, entry)
  }
  return { ...copy, entries: [...entries.values()] }
}

/** The result of a step; its id, or null when the process did not survive. */
export function writeResult(
  world: World,
  member: Member,
  { run, step, redo, output }: { run: Run; step: Step; redo: number; output: string },
): string | null {
  const id = world.newId('result')
  const envelope = stepRecord(id, run, { phase: 'result', step, redo, output })
  const isProgress = run.attempt > 1 && !run.hasProgressed
  const progress = {
    lane: 'status',
    envelope: progressRecord(world.newId('progress'), run.runId, step.number),
  } as const
  run.hasProgressed ||= isProgress
  return writeTrace(world, member, { envelope, more: isProgress ? [progress] : [] }) ? id : null
}

export function writeIntent(
  world: World,
  member: Member,
  { run, step, redo }: { run: Run; step: Step; redo: number },
): string | null {
  const id = world.newId('intent')
  const envelope = stepRecord(id, run, { phase: 'intent', step, redo, output: null })
  return writeTrace(world, member, { envelope }) ? id : null
}

/** What another run wrote is kept too, so that the next run of this process finds it. */
export function adopt(world: World, member: Member, { run, result }: { run: Run; result: Entry }): boolean {
  if (result.runId === run.runId) return true
  return transact(world, member, (draft) => {
    draft.journal = keep(draft.journal, [result])
  })
}

/** What the fold has found is kept. After a takeover it takes the place of what was written while others had the task. */
export function storeCopy(world: World, member: Member, run: Run): boolean {
  const { watch } = run
  if (!watch) return true
  const isKept = keptEntries(member, run) !== null
  return transact(world, member, (draft) => {
    draft.journal = keep(isKept ? draft.journal : { ...draft.journal, entries: [] }, firstResults(watch.counted))
  })
}

/** Of several results of one redo the first holds: the others are of no use here. */
function firstResults(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string>()
  return entries.filter(({ phase, step, redo }) => {
    const place = `${step}/${redo}`
    const isFirst = phase !== 'result' || !seen.has(place)
    if (phase === 'result') seen.add(place)
    return isFirst
  })
}

/** Where a run of a later attempt begins to read its journal, and with what. */
export function openForResume(world: World, { member, life, run }: { member: Member; life: Life; run: Run }): void {
  const { rules, broker } = world
  const kept = keptEntries(member, run)
  if (kept === null) {
    const from = rules.isJournalReadFromItsBegin ? run.journalFrom : run.readFrom
    run.watch = openWatch(rules, broker.logs.traces, { from, seed: [] })
  } else {
    // A disk that was put back from a copy knows nothing of what came then.
    const isOfThisBoot = run.previous?.boot === life.boot.number()
    const sentBefore = life.sentBefore ?? run.journalFrom
    const from = isOfThisBoot || !rules.isCopyReadOn ? run.readFrom : Math.min(run.readFrom, sentBefore)
    run.watch = openWatch(rules, broker.logs.traces, { from, seed: kept })
  }
}

/** What is here when it is the journal up to the run before as a whole; else null. */
function keptEntries({ agentId, disk }: Member, { previous }: Run): Entry[] | null {
  const { entries } = disk.journal
  if (previous?.agentId !== agentId || !entries.some(({ runId }) => runId === previous.runId)) return null
  const place = ({ runId, step, redo }: Entry): string => `${runId}/${step}/${redo}`
  const ended = new Set(entries.filter(({ phase }) => phase === 'result').map(place))
  // A run that had the task earlier may have said since what became of its call, before what was found out about it: only the
  // log knows.
  const isOpen = (entry: Entry): boolean =>
    entry.phase === 'intent' && entry.runId !== previous.runId && !ended.has(place(entry))
  return entries.some(isOpen) ? null : entries.toSorted(byPlace)
}

function placeOf({ attempt, step, redo, phase }: Entry): number[] {
  return [attempt, step ?? -1, redo, PHASES.indexOf(phase)]
}

const PHASES = ['started', 'intent', 'result', 'chunk']

/** As the rows of a service come: of one step and redo the intent before the result. */
function byPlace(a: Entry, b: Entry): number {
  const [left, right] = [placeOf(a), placeOf(b)]
  const index = left.findIndex((value, at) => value !== right[at])
  return index < 0 ? 0 : (left[index] ?? 0) - (right[index] ?? 0)
}
