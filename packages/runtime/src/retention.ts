import type { Env } from '@kafclaw/env'
import { type Db, deleteFinished } from '@kafclaw/storage'
import type { Logger } from '@kafclaw/telemetry'

const EVERY_MS = 3_600_000
const PAUSE_MS = 50
const DAY_MS = 86_400_000

/** Deletes finished tasks and old timeline rows, now and each hour, in bounded pieces: reading and claiming do not wait for it. */
export function keepRetention(options: {
  env: Env
  db: Db
  logger: Logger
  retentionDays: number
  signal: AbortSignal
}): void {
  const { env, db, logger } = options
  if (options.signal.aborted) return
  try {
    const { more } = deleteFinished(db, options.retentionDays * DAY_MS, env.now())
    if (more) return void env.setTimer(PAUSE_MS, () => keepRetention(options))
  } catch (error) {
    logger.warn({ err: error }, 'old tasks could not be deleted; tried again in an hour')
  }
  env.setTimer(EVERY_MS, () => keepRetention(options))
}
