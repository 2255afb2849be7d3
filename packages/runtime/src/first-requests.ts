import { parsePlace } from '@kafclaw/envelope'
import type { StoredTask } from './task-store.ts'

/** The first request of a partition that belongs to one of some tasks. */
export interface FirstRequest {
  taskId: string
  place: string
  offset: number
}

/** Of each partition of the request topics (`<topic>/<partition>`) the first request that one of these tasks has there. */
export function firstRequests(tasks: Iterable<StoredTask>): Map<string, FirstRequest> {
  const first = new Map<string, FirstRequest>()
  for (const { taskId, requests } of tasks) {
    for (const { place } of requests) {
      const at = parsePlace(place)
      if (at === null) continue
      const partition = `${at.topic}/${at.partition}`
      const known = first.get(partition)
      if (known === undefined || at.offset < known.offset) first.set(partition, { taskId, place, offset: at.offset })
    }
  }
  return first
}

/** Tasks that nobody works on and that have no outcome: never claimed, or given back. */
export function* unclaimed(open: Iterable<StoredTask>): Generator<StoredTask> {
  for (const task of open) {
    const isTaken = task.claim !== null && task.released === null
    if (!isTaken && !task.finished) yield task
  }
}
