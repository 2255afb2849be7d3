import type { Db } from '@kafclaw/storage'

export interface Positions {
  /** The offset to read next; null when the partition was never read. */
  get(topic: string, partition: number): number | null
  set(topic: string, partition: number, nextOffset: number): void
}

/** Positions in the table `meta`, beside the rows that were made from what was read. */
export function createPositions(db: Db): Positions {
  const nameOf = (topic: string, partition: number): string => `position/${topic}/${partition}`
  return {
    get(topic, partition) {
      const row = db
        .prepare<[string], { value: string }>('SELECT value FROM meta WHERE name = ?')
        .get(nameOf(topic, partition))
      return row ? Number(row.value) : null
    },
    set(topic, partition, nextOffset) {
      db.prepare(
        'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      ).run(nameOf(topic, partition), String(nextOffset))
    },
  }
}
