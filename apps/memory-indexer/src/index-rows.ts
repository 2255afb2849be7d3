import { decode, type RawRecord } from '@kafclaw/envelope'
import { type MemoryIndex, toMemoryItem } from '@kafclaw/memory'
import type { FollowedRows } from '@kafclaw/runtime'
import type { Db } from '@kafclaw/storage'
import type { Logger } from '@kafclaw/telemetry'

const CLUSTER = 'cluster_id'

/** Takes records of `memory.shared` into the index, with the position in the same transaction. */
export function createIndexRows({ db, index, logger }: { db: Db; index: MemoryIndex; logger: Logger }): FollowedRows {
  const selectMeta = db.prepare<[string], { value: string }>('select value from meta where name = ?')
  const upsertMeta = db.prepare(
    'insert into meta (name, value) values (?, ?) on conflict do update set value = excluded.value',
  )

  function takeRecord(record: RawRecord): void {
    const decoded = decode(record)
    switch (decoded.kind) {
      case 'envelope':
        if (decoded.envelope.type === 'memory') index.put(toMemoryItem(record, decoded.envelope))
        return
      case 'tombstone':
        index.forget({ ...placeOf(record), itemId: decoded.key })
        return
      case 'poison':
      case 'skipped':
        logger.debug({ ...placeOf(record), reason: decoded.reason }, 'a record holds no memory that can be indexed')
    }
  }

  return {
    clusterId: () => selectMeta.get(CLUSTER)?.value ?? null,
    setClusterId: (clusterId) => void upsertMeta.run(CLUSTER, clusterId),
    position: index.positions.get,
    take: (batches) =>
      index.transaction(() => {
        for (const batch of batches) {
          for (const record of batch.records) takeRecord(record)
          index.positions.set(batch.topic, batch.partition, batch.nextOffset)
        }
      }),
    beginAnew: () => index.reset(),
  }
}

function placeOf({ topic, partition, offset }: RawRecord) {
  return { topic, partition, offset }
}
