import { parseTopicName } from '@kafclaw/envelope'
import { type Log, readAll } from '@kafclaw/kafka'
import { createRecordSource, type DecisionSource } from './decision.ts'
import { toTracedRecord } from './traced-record.ts'

/** The topics of a group that exist now, those of all its zones. */
export async function groupTopics(log: Log, group: string): Promise<string[]> {
  const names = await log.listTopics()
  return names.filter((name) => parseTopicName(name)?.group === group).sort()
}

/**
 * Reads what the topics of a group still hold, whole, so that a decision can be traced where no audit sink runs.
 * Heartbeats are left out: they belong to no decision. All of it lies in memory; it is for one command, not for a service.
 */
export async function readGroupRecords(log: Log, group: string): Promise<DecisionSource> {
  const topics = await groupTopics(log, group)
  const records = await readAll(
    log,
    topics.filter((name) => parseTopicName(name)?.kind !== 'announce'),
  )
  return createRecordSource(records.map((record) => toTracedRecord(record)))
}
