import { decode, partitionFor, type RawRecord, type RecordPlace, type ResponseEnvelope } from '@kafclaw/envelope'
import { type Log, readEach, readOnce } from '@kafclaw/kafka'
import { isHome } from '@kafclaw/tasks'
import { answeredTask } from './answered-task.ts'

/** Where the answers of a zone lie, for whoever asks under a task id that may have been used before. */
export interface AnsweredTasks {
  /** Reads `responses` back once; what comes later is told by `note`. Error: KC_KAFKA_UNREACHABLE, and then it may be tried again. */
  readBack(): Promise<void>
  /** A record of `responses` as a reader that has begun before comes to it. */
  note(record: RawRecord): void
  /** The outcome of a task that lies on the log; else what `listen` makes of it, called before anything more is noted. */
  outcomeOf(taskId: string, listen: () => Promise<ResponseEnvelope>): Promise<ResponseEnvelope>
}

/** Keeps the places of answers in memory, not the answers; reading back decodes none that a service has written. */
export function createAnsweredTasks({
  log,
  topic,
  partitions,
}: {
  log: Log
  topic: string
  partitions: number
}): AnsweredTasks {
  /** By task id the offsets of the records about it in its home partition, in log order. */
  const offsets = new Map<string, number[]>()
  let reading: Promise<void> | null = null

  function note(record: RawRecord): void {
    // Who never asks under an id of his own pays for nothing.
    if (reading === null) return
    const taskId = answeredTask(record)
    if (taskId === null || !isHome(taskId, record.partition, partitions)) return
    const known = offsets.get(taskId)
    if (!known) offsets.set(taskId, [record.offset])
    else if (!known.includes(record.offset))
      known.splice(known.findLastIndex((at) => at < record.offset) + 1, 0, record.offset)
  }

  async function readOutcome(place: RecordPlace, taskId: string): Promise<ResponseEnvelope | null> {
    const record = await readOnce(log, place)
    const decoded = record ? decode(record) : null
    if (decoded?.kind !== 'envelope' || decoded.envelope.type !== 'response') return null
    return decoded.envelope.correlation_id === taskId ? decoded.envelope : null
  }

  return {
    readBack() {
      // Set before it begins: from here on the other reader notes what lies beyond the ends of now.
      reading ??= log
        .offsets([topic])
        .then((ranges) => readEach(log, ranges, note))
        .catch((error: unknown) => {
          reading = null
          throw error
        })
      return reading
    },
    note,
    async outcomeOf(taskId, listen) {
      for (let n = 0; ; n++) {
        const offset = offsets.get(taskId)?.[n]
        if (offset === undefined) return listen()
        const outcome = await readOutcome({ topic, partition: partitionFor(taskId, partitions), offset }, taskId)
        if (outcome) return outcome
      }
    },
  }
}
