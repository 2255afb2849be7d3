import type { RawRecord } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { groupTopics, type Host } from '@kafclaw/runtime'
import { openDatabase } from '@kafclaw/storage'
import { auditSinkId } from '../src/config.ts'
import { type StoredRecord, toRawRecord } from '../src/stored-record.ts'

/** Everything that lies on the topics of the group. */
export async function readTopics({ log, settings }: Host): Promise<RawRecord[]> {
  return readAll(log, await groupTopics(log, settings.group))
}

/** What the audit file of the group holds, read beside whoever writes it. */
export function readAuditFile(host: Host): { records: RawRecord[]; gaps: unknown[]; repeatedEdges: number } {
  using db = openDatabase(host.data.member(auditSinkId(host)).auditDb, 'audit', { readOnly: true })
  return {
    records: db.prepare<[], StoredRecord>('select * from record').all().map(toRawRecord),
    gaps: db.prepare<[], unknown>('select * from gap').all(),
    repeatedEdges: db
      .prepare<[], unknown>(
        'select 1 from edge group by kind, from_id, to_id, to_topic, to_partition, to_offset having count(*) > 1',
      )
      .all().length,
  }
}

export function byPlace(records: readonly RawRecord[]): RawRecord[] {
  return records
    .toSorted(
      (a, b) =>
        (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0) || a.partition - b.partition || a.offset - b.offset,
    )
    .map(toPlain)
}

/** Wherever a record was read, it compares as an object of the same kind. */
function toPlain({ topic, partition, offset, timestampMs, key, value, headers }: RawRecord): RawRecord {
  return { topic, partition, offset, timestampMs, key, value, headers }
}
