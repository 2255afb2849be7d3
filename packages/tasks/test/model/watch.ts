import type { TraceEnvelope } from '@kafclaw/envelope'
import { type Journal, type JournalRecord, journalRecordOf } from '../../src/index.ts'
import type { Appended } from './broker.ts'
import type { Rules } from './rules.ts'

/** A journal record with what the runs of the model look at. */
export interface Entry extends JournalRecord {
  inputHash: string | null
  output: string | null
  appendedMs: number
}

/** The journal as a run reads it, from some place of the log on. */
export interface Watch {
  readonly journal: Journal<Entry>
  /** What counts, in log order. */
  readonly counted: Entry[]
  /** Record id -> whether it counts. */
  readonly read: Map<string, boolean>
  /** Where `traces` ended when reading began: nothing is known before that has been read. */
  readonly endAtOpen: number
  /** Offset of the next record. */
  next: number
}

export function openWatch(
  rules: Rules,
  log: readonly Appended[],
  { from, seed }: { from: number; seed: readonly Entry[] },
): Watch {
  const journal = rules.createJournal<Entry>()
  const watch: Watch = { journal, counted: [], read: new Map(), endAtOpen: log.length, next: from }
  for (const entry of seed) add(watch, entry)
  return watch
}

export function readOn(watch: Watch, log: readonly Appended[], most: number): void {
  for (const record of log.slice(watch.next, watch.next + most)) {
    watch.next = record.offset + 1
    if (record.envelope.type === 'trace') add(watch, entryOf(record.envelope, record.appendedMs))
  }
}

function add(watch: Watch, entry: Entry): void {
  if (watch.read.has(entry.recordId)) return
  const counts = watch.journal.add(entry)
  watch.read.set(entry.recordId, counts)
  if (counts) watch.counted.push(entry)
}

export function isOpen(watch: Watch): boolean {
  return watch.next >= watch.endAtOpen
}

export function entryOf(envelope: TraceEnvelope, appendedMs: number): Entry {
  const { payload } = envelope
  return {
    ...journalRecordOf(envelope),
    inputHash: payload.input_hash,
    output: typeof payload.output === 'string' ? payload.output : null,
    appendedMs,
  }
}
