import { decode, type RawRecord, topicName } from '@kafclaw/envelope'
import type { Host } from '@kafclaw/runtime'
import { requireTopics } from '../group/require-topics.ts'
import { rosterTopic } from '../group/roster.ts'
import { readTask } from '../tasks/read-task.ts'
import type { TaskHistory } from '../tasks/task-history.ts'
import { createRunJournal, type RunJournal } from './run-journal.ts'

/** A task with the journal of its runs. */
export interface RunHistory {
  history: TaskHistory
  journal: RunJournal
  /** The machine of a boot of an agent; null where its heartbeats are not on the log any more. */
  hostOf(agentId: string, boot: number): string | null
}

/** Reads all that the topics hold of the runs of a task. Errors: KC_NOT_FOUND, KC_GROUP_MISSING. */
export async function readRun(host: Host, taskId: string): Promise<RunHistory> {
  const { zone } = await requireTopics(host)
  const run = createRunJournal(taskId, zone.partitions)
  const hosts = new Map<string, string>()
  const announce = rosterTopic(host)
  const traces = topicName(host.settings, 'traces')
  const history = await readTask(host, taskId, {
    topics: [announce],
    onRecord(record) {
      if (record.topic === announce) noteHost(hosts, record)
      if (record.topic === traces) run.fold(record)
    },
  })
  const held = history.attempts.find(({ end }) => end === 'holds')?.runId
  return {
    history,
    journal: run.read((runId) => runId === held),
    hostOf: (agentId, boot) => hosts.get(`${agentId}/${boot}`) ?? null,
  }
}

function noteHost(hosts: Map<string, string>, record: RawRecord): void {
  const decoded = decode(record)
  if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'announce') return
  const { agent_id, boot, host } = decoded.envelope.payload
  if (host !== null) hosts.set(`${agent_id}/${boot}`, host)
}
