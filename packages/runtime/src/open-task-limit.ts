import type { Reader } from '@kafclaw/kafka'
import type { Logger } from '@kafclaw/telemetry'

/** About 2 KB of memory each. */
const MOST_OPEN_TASKS = 50_000

/** With too many open tasks in the house no more are fetched: the lag stays in Kafka, where it can be seen. */
export function createOpenTaskLimit(logger: Logger) {
  let holding = false
  return function limitOpenTasks(open: number, reader: Reader | null, topics: readonly string[]): void {
    if (!holding && open > MOST_OPEN_TASKS) reader?.pause(topics)
    else if (holding && open < MOST_OPEN_TASKS / 2) reader?.resume(topics)
    else return
    holding = !holding
    logger.info(
      { open, holding },
      holding ? 'too many open tasks: no more requests are fetched for now' : 'requests are fetched again',
    )
  }
}
