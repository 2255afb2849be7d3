import { existsSync } from 'node:fs'
import type { Db, Family } from '@kafclaw/storage'
import type { ServiceFolder } from '../group/service-folders.ts'

/** A database in which a service keeps how far it has read. */
export interface PositionFile {
  readonly path: string
  readonly family: Family
  open(db: Db): Positions
}

interface Positions {
  /** The offset to read next; null where the partition was never read. */
  get(topic: string, partition: number): number | null
  set(topic: string, partition: number, nextOffset: number): void
}

/** The position files of a service that are there: its own state, and the memory or the audit that it keeps beside it. */
export function positionFiles({ stateDb, memoryDb, auditDb }: ServiceFolder): PositionFile[] {
  const files: PositionFile[] = [
    { path: stateDb, family: 'state', open: statePositions },
    { path: memoryDb, family: 'memory', open: memoryPositions },
    { path: auditDb, family: 'audit', open: auditPositions },
  ]
  return files.filter(({ path }) => existsSync(path))
}

interface NextOffset {
  next_offset: number
}

function statePositions(db: Db): Positions {
  const select = db.prepare<[string, number], NextOffset>(
    'select next_offset from position where topic = ? and "partition" = ?',
  )
  // The last record read is not on this log: without its id the service compares nothing when it begins again.
  const update = db.prepare(
    'update position set next_offset = ?, last_record_id = null where topic = ? and "partition" = ?',
  )
  return {
    get: (topic, partition) => select.get(topic, partition)?.next_offset ?? null,
    set: (topic, partition, nextOffset) => void update.run(nextOffset, topic, partition),
  }
}

function memoryPositions(db: Db): Positions {
  const nameOf = (topic: string, partition: number): string => `position/${topic}/${partition}`
  const select = db.prepare<[string], { value: string }>('select value from meta where name = ?')
  const update = db.prepare('update meta set value = ? where name = ?')
  return {
    get(topic, partition) {
      const row = select.get(nameOf(topic, partition))
      return row ? Number(row.value) : null
    },
    set: (topic, partition, nextOffset) => void update.run(String(nextOffset), nameOf(topic, partition)),
  }
}

function auditPositions(db: Db): Positions {
  const select = db.prepare<[string, number], NextOffset>(
    'select next_offset from coverage where topic = ? and "partition" = ?',
  )
  const update = db.prepare('update coverage set next_offset = ? where topic = ? and "partition" = ?')
  return {
    get: (topic, partition) => select.get(topic, partition)?.next_offset ?? null,
    set: (topic, partition, nextOffset) => void update.run(nextOffset, topic, partition),
  }
}
