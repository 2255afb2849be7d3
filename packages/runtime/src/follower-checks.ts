import type { AppError } from '@kafclaw/envelope'
import type { ReaderEvent } from '@kafclaw/kafka'
import type { Logger } from '@kafclaw/telemetry'
import { createReadinessBoard, type ReadinessBoard } from './readiness.ts'

/** The readiness of a follower: what it waits for, in words for people. */
export interface FollowerChecks extends ReadinessBoard {
  /** Why it does not read, or null once it has caught up and reads on. */
  reading(waitsFor: string | null): void
  storage(trouble: AppError | null): void
  /** What happens to the reader beside records. */
  note(event: ReaderEvent): void
}

const CATCHING_UP = 'reading up to the end of the log'

export function createFollowerChecks(options: {
  /** First word of the checks. */
  name: string
  more: readonly string[]
  logger: Logger
}): FollowerChecks {
  const { name, logger } = options
  const reader = `${name} reader`
  const storage = `${name} storage`
  const log = `${name} log`
  const board = createReadinessBoard([reader, storage, log, ...options.more], ({ name: check, ok, detail }) => {
    logger[ok ? 'debug' : 'info']({ check, ok }, detail)
  })
  board.set(storage, true, 'the database takes writes')
  board.set(log, true, 'positions fit the log')
  let isCaughtUp = false
  return {
    ...board,
    reading(waitsFor) {
      isCaughtUp = waitsFor === null
      board.set(reader, isCaughtUp, waitsFor ?? 'reading')
    },
    storage(trouble) {
      if (trouble)
        logger.error({ code: trouble.code }, `nothing can be stored, so nothing is read on: ${trouble.message}`)
      board.set(storage, trouble === null, trouble?.message ?? 'the database takes writes')
    },
    note(event) {
      switch (event.kind) {
        case 'connected':
          board.set(reader, isCaughtUp, isCaughtUp ? 'reading' : CATCHING_UP)
          break
        case 'disconnected':
        case 'retrying':
          board.set(reader, false, event.error.message)
          break
        case 'beyond_end':
          board.set(
            log,
            false,
            `${event.error.message} If that is right, go on at the end with: kafclaw topics accept ${event.topic}`,
          )
          break
        case 'corrupt_batch':
          logger.error({ ...event }, event.error.message)
          break
        case 'below_start':
        case 'unknown_topic':
      }
    },
  }
}
