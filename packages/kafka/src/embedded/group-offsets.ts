import { AppError } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'
import type { CommittedOffset } from '../log.ts'

/** Offsets committed under the names of consumer groups. */
export interface GroupOffsets {
  /** All or none; throws KC_KAFKA_UNKNOWN_TOPIC. */
  commit(groupName: string, offsets: readonly CommittedOffset[]): void
  read(groupName: string, topics: readonly string[]): CommittedOffset[]
}

export function createGroupOffsets(db: Db): GroupOffsets {
  const upsert = db.prepare<[string, string, number, number]>(
    `insert into group_offset (group_name, topic, "partition", "offset") values (?, ?, ?, ?)
     on conflict do update set "offset" = excluded."offset"`,
  )
  const select = db.prepare<[string, string], CommittedOffset>(
    `select topic, "partition", "offset" from group_offset where group_name = ? and topic = ? order by "partition"`,
  )
  const head = db.prepare<[string, number], unknown>('select 1 from head where topic = ? and "partition" = ?')

  return {
    commit: (groupName, offsets) =>
      db.transaction(() => {
        for (const { topic, partition, offset } of offsets) {
          if (head.get(topic, partition) === undefined) {
            throw new AppError('KC_KAFKA_UNKNOWN_TOPIC', `There is no topic ${topic}; create it, or check its name`)
          }
          upsert.run(groupName, topic, partition, offset)
        }
      }),
    read: (groupName, topics) => topics.flatMap((topic) => select.all(groupName, topic)),
  }
}
