import { decode, formatPlace, parseTopicName, TOPICS } from '@kafclaw/envelope'
import { readOnce } from '@kafclaw/kafka'
import { groupTopics, type Host } from '@kafclaw/runtime'
import { openDatabase } from '@kafclaw/storage'
import { type ServiceFolder, serviceFolders } from '../group/service-folders.ts'
import { openTimeline, type PlacedRow, type Timeline } from './timeline-file.ts'
import { readTopicIds, type TopicIds } from './topic-ids.ts'

/** Where the timeline of a service and the log do not say the same. */
interface Difference {
  /** `<topic>/<partition>/<offset>` */
  place: string | null
  record_id: string | null
  reason: string
}

export interface ServiceReport {
  service: string
  /** Rows that name a record by its position. */
  rows: number
  /** Of these: the record stands there. */
  equal: number
  /** Of these: the topic has deleted or compacted the record since. */
  deleted: number
  /** Records of this service on the log, heartbeats left out: they go past the timeline. */
  sent: number
  /** Records that lie there once more under the same id, because their acknowledgement was lost. */
  repeated: number
  /** Records so old that their rows may have been deleted by KAFCLAW_RETENTION_DAYS. */
  older: number
  differences: Difference[]
}

const DAY_MS = 86_400_000

/** Compares the timelines of all services on this machine with the log, one topic at a time, so that one topic is in memory. */
export async function compareServices(host: Host): Promise<ServiceReport[]> {
  const folders = serviceFolders(host)
  if (folders.length === 0) return []
  using stack = new DisposableStack()
  const services = folders.map((folder) => ({
    report: emptyReport(folder),
    timeline: openTimeline(stack.use(openDatabase(folder.stateDb, 'state', { readOnly: true }))),
  }))
  const oldMs = host.env.now() - host.settings.retentionDays * DAY_MS
  const topics = await groupTopics(host.log, host.settings.group)
  for (const topic of topics) {
    // The topic first, the rows after it: a row is written before its record, so that nothing in flight looks like a difference.
    const ids = await readTopicIds(host, topic)
    for (const { report, timeline } of services) {
      const beyond = compareRows(report, timeline, ids)
      compareRecords(report, timeline, { ids, oldMs })
      if (beyond.length > 0) await compareBeyond(host, report, beyond)
    }
  }
  for (const { report, timeline } of services) {
    for (const row of timeline.rowsOfOtherTopics(topics)) {
      report.rows++
      report.differences.push(toDifference(row, 'the topic does not exist'))
    }
  }
  return services.map(({ report }) => report)
}

/** Returns the rows that lie beyond the end of the topic as it was read. */
function compareRows(report: ServiceReport, timeline: Timeline, ids: TopicIds): PlacedRow[] {
  const beyond: PlacedRow[] = []
  const isCompacted = TOPICS[parseTopicName(ids.topic)?.kind ?? 'requests'].cleanup === 'compact'
  for (const row of timeline.rowsOf(ids.topic)) {
    const { start, end } = ids.range(row.partition)
    if (row.offset >= end) {
      beyond.push(row)
      continue
    }
    report.rows++
    const found = ids.at(row.partition, row.offset)
    if (found !== undefined && (row.record_id === null || row.record_id === found.id)) report.equal++
    else if (found !== undefined) {
      report.differences.push(
        toDifference(row, `the timeline has record ${row.record_id}, the log ${found.id ?? 'one without an id'}`),
      )
    } else if (row.offset < start || isCompacted) report.deleted++
    else report.differences.push(toDifference(row, 'there is no record at that position'))
  }
  return beyond
}

/** The service works on while we look: a row beyond the end is right where the topic has grown past it by now. */
async function compareBeyond({ log }: Host, report: ServiceReport, rows: readonly PlacedRow[]): Promise<void> {
  for (const row of rows) {
    const record = await readOnce(log, row)
    report.rows++
    const decoded = record && decode(record)
    const id = decoded?.kind === 'envelope' ? decoded.envelope.id : null
    if (record && (row.record_id === null || row.record_id === id)) report.equal++
    else
      report.differences.push(toDifference(row, 'there is no such record at that position, which lies beyond the end'))
  }
}

function compareRecords(
  report: ServiceReport,
  timeline: Timeline,
  { ids, oldMs }: { ids: TopicIds; oldMs: number },
): void {
  if (parseTopicName(ids.topic)?.kind === 'announce') return
  const sent = timeline.sentTo(ids.topic)
  const seen = new Set<string>()
  for (const record of ids.sentBy(report.service)) {
    report.sent++
    if (seen.has(record.id)) report.repeated++
    seen.add(record.id)
    if (sent.has(record.id)) continue
    if (record.timestampMs < oldMs) report.older++
    else {
      const place = formatPlace({ topic: ids.topic, ...record })
      report.differences.push({
        place,
        record_id: record.id,
        reason: 'the log has a record of this service without a row',
      })
    }
  }
}

function toDifference(row: PlacedRow, reason: string): Difference {
  return { place: formatPlace(row), record_id: row.record_id, reason }
}

function emptyReport({ id }: ServiceFolder): ServiceReport {
  return { service: id, rows: 0, equal: 0, deleted: 0, sent: 0, repeated: 0, older: 0, differences: [] }
}
