import type { Env } from '@kafclaw/env'
import {
  AppError,
  decode,
  formatPlace,
  parseTopicName,
  type RawRecord,
  type RecordPlace,
  TOPICS,
} from '@kafclaw/envelope'
import type { LogBatch, LogGap } from '@kafclaw/kafka'
import { type FollowedRows, toTracedRecord } from '@kafclaw/runtime'
import type { Db, Row } from '@kafclaw/storage'
import { edgesOf } from './edges.ts'
import type { AuditEvents } from './events.ts'
import { headersText } from './stored-record.ts'

export interface AuditStore extends Omit<FollowedRows, 'beginAnew'> {
  isKept(place: RecordPlace): boolean
}

/** Writes what was fetched, readable or not, in one transaction; a record that stands there already is only compared. */
export function createAuditStore({ db, env, events }: { db: Db; env: Env; events: AuditEvents }): AuditStore {
  const coverage = db.prepare<[string, number], Pick<Row<'audit', 'coverage'>, 'next_offset'>>(
    'select next_offset from coverage where topic = ? and "partition" = ?',
  )
  const cover = db.prepare(
    'insert into coverage (topic, "partition", next_offset) values (?, ?, ?) on conflict do update set next_offset = excluded.next_offset',
  )
  const insertGap = db.prepare(
    'insert into gap (topic, "partition", from_offset, to_offset, at_ms) values (?, ?, ?, ?, ?) on conflict do nothing',
  )
  const selectMeta = db.prepare<[string], Pick<Row<'audit', 'meta'>, 'value'>>('select value from meta where name = ?')
  const upsertMeta = db.prepare(
    'insert into meta (name, value) values (?, ?) on conflict do update set value = excluded.value',
  )
  const keep = createRecordWriter(db)

  function takeBatch(batch: LogBatch): Gap[] {
    const { topic, partition } = batch
    const next = coverage.get(topic, partition)?.next_offset ?? 0
    const gaps = gapsOf(batch, next)
    for (const { from, to } of gaps) insertGap.run(topic, partition, from, to, env.now())
    for (const record of batch.records) keep(record)
    cover.run(topic, partition, Math.max(next, batch.nextOffset))
    return gaps
  }

  return {
    position(topic, partition) {
      const row = coverage.get(topic, partition)
      // One record early: it tells whether the log is still the one that was read.
      return row ? Math.max(0, row.next_offset - 1) : null
    },
    isKept: ({ topic, partition, offset }) => offset < (coverage.get(topic, partition)?.next_offset ?? 0),
    take(batches) {
      const gaps = db.transaction(() => batches.flatMap(takeBatch))
      for (const gap of gaps) events.gap(gap)
    },
    clusterId: () => selectMeta.get('cluster_id')?.value ?? null,
    setClusterId: (clusterId) => void upsertMeta.run('cluster_id', clusterId),
  }
}

interface Gap extends LogGap {
  topic: string
  partition: number
}

/**
 * Offsets that no fetched batch covers. Compaction takes records away by design, so there only a batch that nobody can
 * read is a gap.
 */
function gapsOf(batch: LogBatch, next: number): Gap[] {
  const { topic, partition, gap, fromOffset } = batch
  const found: Gap[] = []
  const add = (from: number, to: number, reason: LogGap['reason']): void => {
    if (from < to) found.push({ topic, partition, from, to, reason })
  }
  if (gap?.reason === 'corrupt') add(Math.max(next, gap.from), gap.to, 'corrupt')
  if (isCompacted(topic)) return found
  add(next, fromOffset, 'below_start')
  if (gap?.reason === 'below_start') add(Math.max(next, gap.from), gap.to, 'below_start')
  return found
}

function isCompacted(topic: string): boolean {
  const kind = parseTopicName(topic)?.kind
  return kind !== undefined && TOPICS[kind].cleanup === 'compact'
}

type StoredRecord = Pick<Row<'audit', 'record'>, 'id' | 'timestamp_ms'>

/** Inside a transaction. KC_LOG_FOREIGN when another record stands at the same place. */
function createRecordWriter(db: Db): (record: RawRecord) => void {
  const insert = db.prepare(
    `insert into record (topic, "partition", "offset", timestamp_ms, id, type, sender_id, recipient_id, correlation_id,
       causation_id, trace_id, span_id, parent_span_id, "key", value, headers, summary)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
  )
  const select = db.prepare<[string, number, number], StoredRecord>(
    'select id, timestamp_ms from record where topic = ? and "partition" = ? and "offset" = ?',
  )
  // A record that was sent twice has one id and the same edges. Left to itself SQLite would choose the index by place, where
  // all edges by id have the same key, nulls, and read them all for each new one.
  const insertEdge = db.prepare(
    `with e(kind, from_id, to_id, to_topic, to_partition, to_offset) as (values (?, ?, ?, ?, ?, ?))
     insert into edge (kind, from_id, to_id, to_topic, to_partition, to_offset) select * from e
     where not exists (select 1 from edge x indexed by edge_from_id where x.from_id = e.from_id and x.kind = e.kind
       and x.to_id is e.to_id and x.to_topic is e.to_topic and x.to_partition is e.to_partition
       and x.to_offset is e.to_offset)`,
  )

  return (record) => {
    const decoded = decode(record)
    const traced = toTracedRecord(record, decoded)
    const trace = decoded.kind === 'envelope' ? decoded.envelope.trace : null
    const { topic, partition, offset } = record
    const { changes } = insert.run(
      ...[topic, partition, offset, record.timestampMs, traced.id, traced.type, traced.sender_id, traced.recipient_id],
      ...[traced.correlation_id, traced.causation_id],
      ...[trace?.trace_id ?? null, trace?.span_id ?? null, trace?.parent_span_id ?? null],
      ...[record.key, record.value, headersText(record.headers), traced.summary],
    )
    if (changes === 0) return compare(record, traced.id)
    for (const edge of edgesOf(traced, trace)) {
      const { topic: toTopic = null, partition: toPartition = null, offset: toOffset = null } = edge.place ?? {}
      insertEdge.run(edge.kind, traced.id, edge.to, toTopic, toPartition, toOffset)
    }
  }

  function compare(record: RawRecord, id: string): void {
    const stored = select.get(record.topic, record.partition, record.offset)
    if (stored?.id === id && stored.timestamp_ms === record.timestampMs) return
    throw new AppError('KC_LOG_FOREIGN', `${formatPlace(record)} holds another record than the audit has of it.`)
  }
}
