import type { ChangeWatch } from '../embedded/change-watch.ts'
import type { RecordSource } from '../embedded/record-source.ts'
import type { BrokerParts } from './broker-parts.ts'
import type { SimulatedLink } from './simulated-link.ts'

/** What one reader has of the log: records come when a fetch from their leader has brought them. */
export interface FetchView {
  readonly source: RecordSource
  readonly watch: ChangeWatch
}

export function createFetchView(
  parts: BrokerParts,
  { link, topics }: { link: SimulatedLink; topics: ReadonlySet<string> },
): FetchView {
  const { table, leaderOf } = parts
  /** Offsets before which the records of a partition have arrived. */
  const arrived = new Map<string, number>()
  const fetching = new Set<number>()
  let onChange: (() => void) | null = null

  /** One fetch from a leader at a time; it brings what lies there when it is answered. */
  function fetchFrom(leader: number): void {
    if (fetching.has(leader) || onChange === null) return
    fetching.add(leader)
    parts.env.setTimer(link.fetchMs(leader), () => {
      const ends = table.everyRange().filter(({ topic, partition }) => leaderOf(topic, partition) === leader)
      const found = ends.map(({ topic, partition, end }) => [`${topic}/${partition}`, end] as const)
      link.env.nextTurn(() => {
        fetching.delete(leader)
        for (const [key, end] of found) arrived.set(key, end)
        onChange?.()
      })
    })
  }

  return {
    source: {
      read(from) {
        const run = parts.source.read(from)
        if (!run) return null
        const here = arrived.get(`${from.topic}/${from.partition}`) ?? run.start
        if (run.end > here) fetchFrom(leaderOf(from.topic, from.partition))
        if (run.nextOffset <= here) return run
        const records = run.records.filter(({ offset }) => offset < here)
        return { ...run, records, nextOffset: Math.max(from.position, here) }
      },
    },
    watch: {
      subscribe(callback) {
        onChange = callback
        const unsubscribe = parts.subscribe((grown) => {
          if (grown === null) link.env.nextTurn(callback)
          else for (const { topic, leader } of grown) if (topics.has(topic)) fetchFrom(leader)
        })
        return () => {
          unsubscribe()
          onChange = null
        }
      },
      changed: () => onChange?.(),
      close() {
        onChange = null
      },
    },
  }
}
