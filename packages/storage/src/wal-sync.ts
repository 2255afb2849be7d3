import { close, fsync, openSync } from 'node:fs'
import { AppError } from '@kafclaw/envelope'

/** Waits for the disk on behalf of commits that have not. */
export interface WalSync {
  /** Something was committed that the disk need not have yet. */
  changed(): void
  /** Resolves when all that was committed before the call is on the disk. Those who wait at one time share one sync. */
  synced(): Promise<void>
  close(): void
}

/**
 * Syncs the -wal file as SQLite does after a commit with synchronous=FULL (sqlite.org/pragma.html#pragma_synchronous), but beside
 * the event loop. SQLite's locks lie on its other files, so that closing this one takes none of them away
 * (sqlite.org/howtocorrupt.html, section 2.2).
 */
export function createWalSync(path: string): WalSync {
  let file: number | null = null
  let isDirty = false
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null
  let failure: AppError | null = null
  let isClosed = false

  function start(): Promise<void> {
    next = null
    isDirty = false
    const current = syncNow().finally(() => {
      if (running === current) running = null
      if (isClosed) closeFile()
    })
    running = current
    return current
  }

  function syncNow(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    try {
      file ??= openSync(`${path}-wal`, 'r+')
      fsync(file, (error) => (error ? fail(error) : resolve()))
    } catch (error) {
      fail(error)
    }
    return promise

    function fail(cause: unknown): void {
      failure = syncFailed(path, cause)
      reject(failure)
    }
  }

  function closeFile(): void {
    if (file !== null) close(file, () => undefined)
    file = null
  }

  return {
    changed() {
      isDirty = true
    },
    synced() {
      if (failure) return Promise.reject(failure)
      if (!isDirty) return running ?? Promise.resolve()
      if (running === null) return start()
      next ??= running.then(start)
      return next
    },
    close() {
      isClosed = true
      if (running === null) closeFile()
    },
  }
}

/** What a failed sync has lost cannot be told: nobody may go on after it. */
function syncFailed(path: string, cause: unknown): AppError {
  const message = `The disk failed while ${path} was stored (${String(cause)}). Check the disk and the system log, then start the service again.`
  return new AppError('KC_STORAGE_FAILED', message, { cause, details: { path } })
}
