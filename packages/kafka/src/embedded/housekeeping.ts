import type { Env, Timer } from '@kafclaw/env'
import type { Db } from '@kafclaw/storage'
import type { OffsetRange } from '../log.ts'
import { isCompacted, parseConfigs, retentionMs } from './topic-configs.ts'
import type { TopicTable } from './topic-table.ts'

const EVERY_MS = 60 * 60_000
const LAST_RUN = 'housekept_ms'

/** Retention and compaction by the topics' configs: at open when an hour has passed since the last, then hourly. */
export function startHousekeeping(deps: { db: Db; table: TopicTable; env: Env; onError(error: unknown): void }): Timer {
  const { db, env } = deps
  const lastRun = db.prepare<[string], { value: string }>('select value from meta where name = ?')
  let timer: Timer | null = null
  next()
  return { cancel: () => timer?.cancel() }

  function next(): void {
    const row = lastRun.get(LAST_RUN)
    const dueMs = row ? Number(row.value) + EVERY_MS - env.now() : 0
    // A clock that was set back must not put it off for longer than the interval.
    if (dueMs > 0) {
      timer = env.setTimer(Math.min(dueMs, EVERY_MS), next)
      return
    }
    try {
      keepHouse(db, deps.table, env.now())
    } catch (error) {
      deps.onError(error)
    }
    timer = env.setTimer(EVERY_MS, next)
  }
}

/** One pass over all topics, in one transaction. */
export function keepHouse(db: Db, table: TopicTable, nowMs: number): void {
  const mark = db.prepare<[string, string]>(
    'insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
  )
  db.transaction(() => {
    for (const { name } of db.prepare<[], { name: string }>('select name from topic').all()) {
      const [description] = table.describe([name])
      const configs = description?.configs ?? parseConfigs('{}')
      for (const range of table.rangesOf(name)) {
        const keepMs = retentionMs(configs)
        if (keepMs !== null) deleteBefore(db, range, table.offsetAt(range, nowMs - keepMs))
        if (isCompacted(configs)) compact(db, range, nowMs - Number(configs['delete.retention.ms'] ?? 0))
      }
    }
    mark.run(LAST_RUN, String(nowMs))
  })
}

/** What lies before the offset goes, and the partition begins there. */
export function deleteBefore(db: Db, { topic, partition, start }: OffsetRange, offset: number): void {
  if (offset <= start) return
  db.prepare<[string, number, number]>('delete from record where topic = ? and partition = ? and offset < ?').run(
    topic,
    partition,
    offset,
  )
  db.prepare<[number, string, number]>('update head set start_offset = ? where topic = ? and partition = ?').run(
    offset,
    topic,
    partition,
  )
}

/** Keeps the last record of each key, and a tombstone until readers had time to see it; offsets never move. */
function compact(db: Db, { topic, partition }: OffsetRange, tombstonesBeforeMs: number): void {
  db.prepare<[string, number, string, number]>(
    `delete from record where topic = ? and partition = ? and offset not in
       (select max(offset) from record where topic = ? and partition = ? group by key)`,
  ).run(topic, partition, topic, partition)
  db.prepare<[string, number, number]>(
    'delete from record where topic = ? and partition = ? and value is null and timestamp_ms < ?',
  ).run(topic, partition, tombstonesBeforeMs)
}
