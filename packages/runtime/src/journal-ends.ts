import type { Log } from '@kafclaw/kafka'

/**
 * End offsets of `traces`, looked up now and then: no step of a task that is first claimed later lies before them.
 * An older value is safe, it only makes the journal longer to read.
 */
export interface JournalEnds {
  of(partition: number): number
  refresh(): Promise<void>
}

export function createJournalEnds(log: Log, topic: string): JournalEnds {
  let ends = new Map<number, number>()
  return {
    of: (partition) => ends.get(partition) ?? 0,
    async refresh() {
      const ranges = await log.offsets([topic])
      ends = new Map(ranges.map(({ partition, end }) => [partition, end]))
    },
  }
}
