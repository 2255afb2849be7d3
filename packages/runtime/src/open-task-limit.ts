import type { Reader } from '@kafclaw/kafka'
import type { Logger } from '@kafclaw/telemetry'

/** Tasks that this member could claim and has no slot for: more of them would only lie in memory. */
const MOST_WAITING_TASKS = 5000
/** Of all open tasks, those that others hold or that nobody here can claim among them; about 2 KB of memory each. */
const MOST_OPEN_TASKS = 50_000

/** With too many tasks in the house no more are fetched: the lag stays in Kafka, where it can be seen. */
export function createOpenTaskLimit(logger: Logger) {
  let holding = false
  return function limitOpenTasks(
    { open, waiting }: { open: number; waiting: number },
    reader: Reader | null,
    topics: readonly string[],
  ): void {
    const isFull = open > MOST_OPEN_TASKS || waiting > MOST_WAITING_TASKS
    const isHalfEmpty = open < MOST_OPEN_TASKS / 2 && waiting < MOST_WAITING_TASKS / 2
    if (!holding && isFull) reader?.pause(topics)
    else if (holding && isHalfEmpty) reader?.resume(topics)
    else return
    holding = !holding
    logger.info(
      { open, waiting, holding },
      holding ? 'too many open tasks: no more requests are fetched for now' : 'requests are fetched again',
    )
  }
}
