import { decode, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { createJournal, isHome, type Journal, type JournalRecord, journalRecordOf } from '@kafclaw/tasks'
import type { Stage } from '../stage.ts'

interface StepLine extends JournalRecord {
  atMs: number
  agentId: string | null
  output: unknown
}

/** What lies on `traces` about one task. */
export interface TaskJournal {
  journal: Journal<StepLine>
  /** All of it, in log order, whether it counts or not. */
  records: StepLine[]
  bytes: number
}

/** The journals of all tasks, folded from offset 0. */
export async function readJournals({ log, scope, partitions }: Stage): Promise<Map<string, TaskJournal>> {
  const journals = new Map<string, TaskJournal>()
  for (const record of await readAll(log, [topicName(scope, 'traces')])) {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'trace') continue
    const { correlation_id: taskId, payload } = decoded.envelope
    if (taskId === null || !isHome(taskId, record.partition, partitions)) continue
    const known = journals.get(taskId) ?? { journal: createJournal<StepLine>(), records: [], bytes: 0 }
    journals.set(taskId, known)
    const line: StepLine = {
      ...journalRecordOf(decoded.envelope),
      atMs: record.timestampMs,
      agentId: payload.agent_id,
      output: payload.output,
    }
    known.records.push(line)
    known.journal.add(line)
    known.bytes += record.value?.length ?? 0
  }
  return journals
}
