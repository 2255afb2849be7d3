import { type Env, sleep } from '@kafclaw/env'
import { AppError, ERRORS } from '@kafclaw/envelope'

const PAUSE_MS = 500

/**
 * Does work on a database; a full disk or a locked file is waited out, because what is not stored is not acknowledged
 * and lies in Kafka still. Any other error, or an abort, ends it.
 */
export async function retryStorage<T>(options: {
  env: Env
  signal: AbortSignal
  work: () => T
  onStorageTrouble(error: AppError | null): void
}): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      const value = options.work()
      if (failures > 0) options.onStorageTrouble(null)
      return value
    } catch (error) {
      if (!isStorageTrouble(error) || options.signal.aborted) throw error
      options.onStorageTrouble(error)
      await sleep(options.env, PAUSE_MS, options.signal)
    }
  }
}

function isStorageTrouble(error: unknown): error is AppError {
  return error instanceof AppError && error.code.startsWith('KC_STORAGE_') && ERRORS[error.code].retryable
}
